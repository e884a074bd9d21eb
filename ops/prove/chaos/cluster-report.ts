import { writeFileSync } from 'node:fs';
import type { ClusterScenarioOptions } from './cluster-options.ts';
import type { Takeover, Tally } from './cluster-messages.ts';
import type { InjectedFault } from './fault-injector.ts';
import { ledgerChecks, type Finding } from './ledger-audit.ts';

export const clusterChecks = {
  ...ledgerChecks,
  answers: 'every answer is the first one of its message',
  stuck: 'no key stuck: every message answered',
  residue: 'no key of an actor left in Redis',
  processes: 'every process ended only when it was told to',
  faults: 'every fault of the plan happened under load',
} as const;
export type ClusterCheck = keyof typeof clusterChecks;

export interface ClusterReport {
  readonly options: ClusterScenarioOptions;
  readonly findings: readonly Finding<ClusterCheck>[];
  /** Whether the load came to its end: only then is what is stored held against it. */
  readonly complete: boolean;
  readonly tally: Tally;
  readonly loadMs: number;
  readonly faults: readonly (InjectedFault & { readonly takeover?: Takeover })[];
}

const shown = 20;
const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

/** The summary for a person, line by line. */
export function describeReport(report: ClusterReport): string[] {
  const { options, findings, tally, loadMs, faults, complete } = report;
  const lines = ['', 'fault      at         what came of it'];
  for (const { kind, atMs, target, takeover, watched } of faults) {
    const results = [
      takeover === undefined ? [] : [`first answer elsewhere after ${seconds(takeover.firstMs)}`],
      takeover?.allMs === undefined ? [] : [`all its shards after ${seconds(takeover.allMs)}`],
      watched === undefined ? [] : [`slowest ask ${seconds(watched.slowestMs)}, ${watched.failed} failed`],
    ].flat();
    lines.push(`${kind.padEnd(10)} ${seconds(atMs).padStart(8)}   ${[target, ...results].join('; ')}`);
  }
  const perSecond = Math.round((tally.acknowledged / loadMs) * 1000);
  lines.push(
    '',
    `${tally.acknowledged} of ${options.messages} messages to ${options.keys} keys answered in ` +
      `${seconds(loadMs)}: ${perSecond}/s, slowest ${seconds(tally.slowestMs)}`,
    `${tally.timeouts} timed out, ${tally.unavailable} refused as unavailable, ${tally.repeated} repeated`,
    '',
  );
  for (const [check, sentence] of Object.entries(clusterChecks)) {
    const failed = findings.filter((finding) => finding.check === check);
    const passed = complete ? '✓' : '– not checked:';
    lines.push(`${failed.length === 0 ? passed : '✗'} ${sentence}`);
    for (const { key, expected, found } of failed.slice(0, shown)) {
      lines.push(`    ${key}: expected ${expected}; found ${found}`);
    }
    if (failed.length > shown) lines.push(`    and ${failed.length - shown} more`);
  }
  const again = `--seed ${options.seed}${options.flush ? ' --flush' : ''}`;
  lines.push('', findings.length === 0 ? `All checks passed (${again}).` : `Checks failed (${again}).`);
  return lines;
}

export function writeReport(file: string, report: ClusterReport): void {
  const { findings, complete } = report;
  const checks = Object.entries(clusterChecks).map(([name, sentence]) => {
    const failed = findings.filter(({ check }) => check === name);
    return { name, sentence, ok: complete && failed.length === 0, findings: failed };
  });
  const { options, tally, loadMs, faults } = report;
  const ok = findings.length === 0;
  writeFileSync(file, `${JSON.stringify({ ok, options, tally, loadMs, faults, checks }, null, 2)}\n`);
}
