import type { Progress } from '../../shop/process/progress.ts';
import { faultNamed } from './faults.ts';
import type { AreaFindings, Finding, Findings } from './findings.ts';

const maxShown = 64;

/** A line for each area with what was looked at, below it what was found; then what is still to come. */
export function sayFindings(findings: Findings, progress: Progress): void {
  for (const area of findings.byArea) sayArea(area, progress);
  const underWay = [...findings.underWay].map(([what, count]) => `${count} ${what}`);
  if (underWay.length > 0) progress.warn(`under way, and no fault: ${underWay.join(', ')}`);
}

/** The last line: what it all comes to. */
export function summaryOf(findings: Findings): string {
  if (findings.total === 0) return 'the stores agree';
  return `The stores do not agree: ${findings.total} ${findings.total === 1 ? 'finding' : 'findings'}.`;
}

function sayArea({ area, looked, unread, faults }: AreaFindings, progress: Progress): void {
  const things = [...looked].map(([thing, count]) => `${count} ${thing}`).join(', ') || 'nothing';
  if (unread === undefined && faults.length === 0) return progress.done(`${area}: ${things} looked at`);
  const count = faults.reduce((sum, fault) => sum + fault.count, 0);
  progress.fail(`${area}: ${things} looked at, ${count} with faults`);
  if (unread !== undefined) progress.say(`    not all could be read: ${unread}`);
  for (const { fault, count: found, shown } of faults) {
    const { what, todo, mending } = faultNamed(fault);
    const more = found > shown.length ? ', …' : '';
    progress.say(`    ${found} ${what}: ${shown.map(inWords).join(', ')}${more}`);
    progress.say(mending === undefined ? `      → ${todo ?? ''}` : '      → npm run reconcile -- --fix');
  }
}

function inWords({ id, detail }: Finding): string {
  return detail === undefined ? shownId(id) : `${shownId(id)} (${detail})`;
}

/** Ids are what clients sent: they may be anything, and must do nothing to a terminal. */
export function shownId(id: string): string {
  if (/^[\w.:@ -]{1,64}$/.test(id)) return id;
  const cut = id.length > maxShown ? `${id.slice(0, maxShown)}…` : id;
  return JSON.stringify(cut).replace(
    /[^\x20-\x7E]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
