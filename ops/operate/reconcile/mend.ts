import type { Progress } from '../../shop/process/progress.ts';
import { faultNamed, type Mending } from './faults.ts';
import type { Finding, Findings } from './findings.ts';
import type { Menders } from './menders.ts';
import { shownId } from './say-findings.ts';

/** What is made again comes before what is counted by it. */
const order: readonly Mending[] = [
  ...(['refund', 'release', 'restock', 'sell', 'recount'] as const),
  ...(['publish', 'wake', 'release-claim', 'settle-claim'] as const),
];

const inWords: Record<Mending, string> = {
  refund: 'refund the charge',
  release: 'give the units back that it holds',
  restock: 'put the units back into the stock',
  sell: 'reserve and sell the units again',
  recount: 'count reserved, sold and available units by the reservations',
  publish: 'publish the event again',
  wake: 'wake the checkout',
  'release-claim': 'let go of the lines in the cart',
  'settle-claim': 'take the lines out of the cart',
};

export interface Step {
  readonly mending: Mending;
  readonly finding: Finding;
}

/** Each thing once, in an order in which they can be done. */
export function planOf(findings: Findings): Step[] {
  const steps = new Map<string, Step>();
  for (const finding of findings.mendable) {
    const { mending } = faultNamed(finding.fault);
    if (mending !== undefined) steps.set(`${mending} ${finding.id}`, { mending, finding });
  }
  return [...steps.values()].sort((one, other) => order.indexOf(one.mending) - order.indexOf(other.mending));
}

export function sayPlan(steps: readonly Step[], progress: Progress): void {
  if (steps.length === 0) return progress.say('Nothing of it can be mended without a person.');
  progress.say(`To be done, ${steps.length} in all:`);
  for (const step of steps) progress.say(`  ${lineOf(step)}`);
}

/**
 * Does one after the other, and says of each what came of it. What fails leaves the others to be done. Returns those
 * that were done.
 */
export async function mend(steps: readonly Step[], menders: Menders, progress: Progress): Promise<Step[]> {
  const done: Step[] = [];
  for (const step of steps) {
    try {
      await menders[step.mending](step.finding);
      done.push(step);
      progress.done(lineOf(step));
    } catch (error) {
      progress.fail(`${lineOf(step)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return done;
}

/** The checkouts that were woken: their steps may take some seconds. */
export function wokenBy(steps: readonly Step[]): ReadonlySet<string> {
  return new Set(steps.filter(({ mending }) => mending === 'wake').map(({ finding }) => finding.id));
}

function lineOf({ mending, finding: { fault, id } }: Step): string {
  return `${shownId(id)}: ${inWords[mending]} (${fault})`;
}
