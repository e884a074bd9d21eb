import type { Snapshot } from '../stores/snapshot.ts';
import type { Progress } from '../../shop/process/progress.ts';
import type { EventGaps } from './event-gap.ts';
import type { Findings } from './findings.ts';
import { reconcile } from './reconcile.ts';
import { sayFindings } from './say-findings.ts';
import type { Surroundings } from './surroundings.ts';

export interface Aloud {
  readonly surroundings: Surroundings;
  readonly gaps: EventGaps;
  readonly asOf: number;
  readonly woken?: ReadonlySet<string>;
  readonly progress: Progress;
}

/** Reconciles the stores of a moment, and says what was found. */
export async function reconcileAloud(
  moment: Snapshot,
  { surroundings, gaps, asOf, woken, progress }: Aloud,
): Promise<Findings> {
  const findings = await reconcile(moment, {
    asOf,
    gaps,
    sessionRetentionMs: surroundings.sessionRetentionMs,
    carts: surroundings.carts(),
    ...(woken === undefined ? {} : { woken }),
    onProgress: (checkouts) => progress.say(`  ${checkouts} checkouts looked at …`),
  });
  sayFindings(findings, progress);
  return findings;
}
