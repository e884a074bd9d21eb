import { z } from 'zod';
import type { PostgresPool } from '@trolley/runtime/postgres';
import type { Statement } from './open-console.ts';

/** How PostgreSQL reads a table for a statement. */
export interface TableRead {
  /** Its beginning. */
  readonly statement: string;
  readonly table: string;
  /** Undefined: row by row, the whole of it. */
  readonly index: string | undefined;
  /** Rows that it read, those that a filter dropped included. */
  readonly rows: number;
}

/** What grows with the shop. */
const bigTables = ['checkout_sessions', 'orders', 'outbox_events', 'console_audit'];
const shownOf = 90;

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string | undefined;
  readonly 'Index Name'?: string | undefined;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number | undefined;
  readonly Plans?: readonly PlanNode[] | undefined;
}

const PlanNode: z.ZodType<PlanNode> = z.lazy(() =>
  z.object({
    'Node Type': z.string(),
    'Relation Name': z.string().optional(),
    'Index Name': z.string().optional(),
    'Actual Rows': z.number(),
    'Actual Loops': z.number(),
    'Rows Removed by Filter': z.number().optional(),
    Plans: z.array(PlanNode).optional(),
  }),
);
const Explained = z.tuple([z.object({ Plan: PlanNode })]);

/** How each of the big tables is read, by EXPLAIN ANALYZE of each statement that only reads. */
export async function readsOf(
  pool: PostgresPool,
  statements: readonly Statement[],
): Promise<readonly TableRead[]> {
  const reads: TableRead[] = [];
  for (const { text, values } of statements) {
    if (!/^\s*(SELECT|WITH)/i.test(text)) continue;
    const explain = `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`;
    const { rows } = await pool.query<{ 'QUERY PLAN': unknown }>(explain, values);
    const [{ Plan }] = Explained.parse(rows[0]?.['QUERY PLAN']);
    const statement = text.replaceAll(/\s+/g, ' ').trim().slice(0, shownOf);
    reads.push(...tablesIn(Plan).map((read) => ({ statement, ...read })));
  }
  return reads;
}

/** A scan of bitmaps reads the table above the index. */
function tablesIn(node: PlanNode, table?: string): Omit<TableRead, 'statement'>[] {
  const name = node['Relation Name'] ?? table;
  const type = node['Node Type'];
  const below = (node.Plans ?? []).flatMap((each) =>
    tablesIn(each, type === 'Bitmap Heap Scan' ? name : undefined),
  );
  if (
    name === undefined ||
    !bigTables.includes(name) ||
    !type.endsWith('Scan') ||
    type === 'Bitmap Heap Scan'
  )
    return below;
  const rows = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  return [{ table: name, index: node['Index Name'], rows }, ...below];
}
