import type { StoredLedger } from './ledger-table.ts';

/** What is checked of every key, by the name that the summary shows. */
export const ledgerChecks = {
  lost: 'no acknowledged message lost',
  doubled: 'none applied twice',
  order: 'order per key kept',
  forked: 'one chain of writes per key: no two owners both wrote',
} as const;
export type LedgerCheck = keyof typeof ledgerChecks;

export interface Finding<Check extends string = string> {
  readonly check: Check;
  readonly key: string;
  readonly expected: string;
  readonly found: string;
}

/** Holds what is stored against what the callers were told: `acknowledged` is the last number answered. */
export function auditLedger(
  key: string,
  acknowledged: number,
  stored: StoredLedger | undefined,
): Finding<LedgerCheck>[] {
  const { seen, anomalies, version, writes } = stored ?? { ...nothing, key };
  const findings: Finding<LedgerCheck>[] = [];
  const find = (check: LedgerCheck, expected: string, found: string) =>
    findings.push({ check, key, expected, found });

  const distinct = new Set(seen);
  const lost = numbersTo(acknowledged).filter((n) => !distinct.has(n));
  if (lost.length > 0) find('lost', `1 to ${acknowledged}`, `without ${lost.join()}`);
  if (distinct.size !== seen.length) {
    const doubled = [...distinct].filter((n) => seen.indexOf(n) !== seen.lastIndexOf(n));
    find('doubled', 'each number once', `${doubled.join()} again: ${describeWrites(writes)}`);
  }
  if (seen.some((n, i) => i > 0 && n <= (seen[i - 1] ?? 0)))
    find('order', 'growing numbers', `${seen.join()}: ${describeWrites(writes)}`);
  for (const { expected, found, node } of anomalies)
    find('order', `${expected} next`, `${found}, seen by ${node}`);

  const versions = writes.map((write) => write.version);
  // The first of a key is any number; what follows goes up one by one.
  const first = versions[0] ?? 1;
  if (version !== first + versions.length - 1 || versions.some((each, i) => each !== first + i))
    find('forked', `versions ${first} to ${version}, one by one`, versions.join() || 'none');
  const chained = writes.flatMap(({ added }) => added);
  if (chained.join() !== seen.join())
    find('forked', `writes that add up to ${seen.join()}`, describeWrites(writes));
  return findings;
}

const nothing: Omit<StoredLedger, 'key'> = { version: 0, seen: [], anomalies: [], writes: [] };

const numbersTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

const describeWrites = (writes: StoredLedger['writes']) =>
  writes.map(({ version, writer, added }) => `v${version} ${writer} +${added.join('+')}`).join(', ');
