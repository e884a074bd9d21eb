import type { SqliteFile } from '../stores/snapshot.ts';
import type { Findings } from './findings.ts';

/** Whether a file is as SQLite left it. */
export function examineFile({ name, database }: SqliteFile, findings: Findings): void {
  findings.countLooked('files', 'files');
  try {
    const faults = database.pragma('integrity_check(10)') as { integrity_check: string }[];
    const [first] = faults;
    if (first !== undefined && first.integrity_check !== 'ok')
      findings.add('file-damaged', name, faults.map((fault) => fault.integrity_check).join('; '));
    const orphans = new Map<string, number>();
    for (const { table } of database.pragma('foreign_key_check') as { table: string }[])
      orphans.set(table, (orphans.get(table) ?? 0) + 1);
    for (const [table, count] of orphans)
      findings.add('rows-orphaned', `${table} in ${name}`, `${count} rows`);
  } catch (error) {
    if (!(error instanceof Error && error.name === 'SqliteError')) throw error;
    findings.add('file-damaged', name, error.message);
  }
}
