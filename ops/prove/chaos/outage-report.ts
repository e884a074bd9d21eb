import { writeFileSync } from 'node:fs';
import type { Finding } from './ledger-audit.ts';
import { isSuccess, type SeenAnswer } from './outage-load.ts';
import type { Backing, OutageScenarioOptions } from './outage-options.ts';

export const outageChecks = {
  understood: 'every answer is a success, 503 with Retry-After, or 504',
  late: 'no answer came later than the time-out of requests and a second',
  sells: 'while Kafka was away, everything went on',
  recovers: 'everybody was served again by itself, and the relay caught up',
  ends: 'every checkout ended, each completed one with its order',
  invariants: 'orders, money and stock add up',
  once: 'each unit that a cart took is in an order or in the cart, once',
} as const;
export type OutageCheck = keyof typeof outageChecks;

/** What was seen while a server was away, or while none was. */
export interface SeenOutage {
  readonly of: Backing | 'none';
  readonly answers: readonly SeenAnswer[];
  /** From its return until each user had a success. */
  readonly servedMs?: number;
  /** From its return until every event written before is in the log. */
  readonly caughtUpMs?: number;
}

export interface OutageReport {
  readonly options: OutageScenarioOptions;
  readonly outages: readonly SeenOutage[];
  readonly findings: readonly Finding<OutageCheck>[];
  readonly orders: number;
}

const shown = 10;

/** The summary for a person, line by line. */
export function describeOutages({ options, outages, findings, orders }: OutageReport): string[] {
  const rows = [
    ['away', 'asked', 'success', '503', '504', 'slowest', 'served again', 'relay caught up'],
    ...outages.map((outage) => {
      const { asked, success, unavailable, late, slowestMs } = figuresOf(outage);
      const after = (ms: number | undefined) => (ms === undefined ? '' : `after ${seconds(ms)}`);
      return [
        outage.of,
        ...[asked, success, unavailable, late].map(String),
        seconds(slowestMs),
        after(outage.servedMs),
        after(outage.caughtUpMs),
      ];
    }),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = ['', ...rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')), ''];
  lines.push(`${orders} orders of ${options.users} users`, '');
  for (const [check, sentence] of Object.entries(outageChecks)) {
    const failed = findings.filter((finding) => finding.check === check);
    const passed = check === 'sells' && !options.of.includes('kafka') ? '– not checked:' : '✓';
    lines.push(`${failed.length === 0 ? passed : '✗'} ${sentence}`);
    for (const { key, expected, found } of failed.slice(0, shown))
      lines.push(`    ${key}: expected ${expected}; found ${found}`);
    if (failed.length > shown) lines.push(`    and ${failed.length - shown} more`);
  }
  lines.push('', findings.length === 0 ? 'All checks passed.' : 'Checks failed.');
  return lines;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

function figuresOf({ answers }: SeenOutage) {
  const count = (is: (status: number | undefined) => boolean) =>
    answers.filter(({ status }) => is(status)).length;
  return {
    asked: answers.length,
    success: count(isSuccess),
    unavailable: count((status) => status === 503),
    late: count((status) => status === 504),
    slowestMs: Math.max(0, ...answers.map(({ tookMs }) => tookMs)),
  };
}

export function writeOutages(file: string, { options, outages, findings, orders }: OutageReport): void {
  const checks = Object.entries(outageChecks).map(([name, sentence]) => {
    const failed = findings.filter(({ check }) => check === name);
    return { name, sentence, ok: failed.length === 0, findings: failed };
  });
  const seen = outages.map(({ answers, ...outage }) => ({ ...outage, ...figuresOf({ ...outage, answers }) }));
  const ok = findings.length === 0;
  writeFileSync(file, `${JSON.stringify({ ok, options, orders, outages: seen, checks }, null, 2)}\n`);
}
