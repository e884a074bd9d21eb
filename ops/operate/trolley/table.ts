/** Rows for people. Cells are made safe to show when it is written. */
export interface Table {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** By column. What only looks like a number, as an id may, is none. */
  readonly isNumeric: readonly boolean[];
}

export type Cell = string | number | undefined;

/** A row for each item, by what each column tells of it. */
export function tableOf<T>(items: readonly T[], columns: Readonly<Record<string, (item: T) => Cell>>): Table {
  const cells = items.map((item) => Object.values(columns).map((cell) => cell(item)));
  const titles = Object.keys(columns);
  const isNumeric = titles.map((_, column) => cells.every((row) => typeof (row[column] ?? 0) === 'number'));
  return { titles, rows: cells.map((row) => row.map(shown)), isNumeric };
}

function shown(cell: Cell): string {
  if (cell === undefined || cell === '') return '-';
  if (typeof cell === 'string') return safe(cell);
  return Number.isInteger(cell) ? String(cell) : cell.toFixed(1);
}

/** What others wrote must not steer a terminal, or break a line or a column. */
function safe(text: string): string {
  return text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g, '\uFFFD');
}

/** A line each, cells parted by tabs, without titles. */
export const byTabs = ({ rows }: Table) => rows.map((row) => row.join('\t'));

/** Aligned, with titles; no line is longer than `width`. */
export function aligned({ titles, rows, isNumeric }: Table, width = Infinity): string[] {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lineOf = (row: readonly string[]) => {
    const cells = row.map((cell, column) => {
      const room = widths[column] ?? 0;
      return isNumeric[column] === true ? cell.padStart(room) : cell.padEnd(room);
    });
    const line = cells.join('  ').trimEnd();
    return line.length > width ? `${line.slice(0, Math.max(0, width - 1))}…` : line;
  };
  return rows.length === 0 ? [] : [titles, ...rows].map(lineOf);
}

/** `2026-01-31T03:00:00Z` */
export const timeOf = (at: number | undefined) =>
  at === undefined ? undefined : new Date(at).toISOString().replace(/\.\d{3}/, '');

/** `4 s`, `12 min`, `3 h`, `9 d`: how long ago or how long. */
export function spanOf(ms: number | undefined): string | undefined {
  if (ms === undefined) return undefined;
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 100) return `${s} s`;
  if (s < 6_000) return `${Math.round(s / 60)} min`;
  return s < 172_800 ? `${Math.round(s / 3_600)} h` : `${Math.round(s / 86_400)} d`;
}
