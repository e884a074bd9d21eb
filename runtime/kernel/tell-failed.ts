import type { ActorAddress } from '../mailbox/address.ts';
import { failedTry, isGivenUp, type EarlierFailures, type TurnResult } from './apply-turn.ts';
import type { NodeObserver } from './node-observer.ts';

/** Tells observers what failed in a turn and is tried again. */
export function tellFailed(
  observer: NodeObserver,
  actor: ActorAddress,
  failures: EarlierFailures,
  { left: [first], untaken }: TurnResult,
): void {
  if (first === undefined && untaken.length === 0) return;
  for (const { effect } of untaken) {
    const failure = failures.ofOutcomes.get(effect.run);
    if (failure !== undefined) observer.tryFailed?.(failedTry(actor, 'outcome', effect.name, failure));
  }
  // Those behind it wait.
  if (first === undefined) return;
  const failure = failures.ofMessages.get(first.jobId);
  if (failure === undefined || isGivenUp(failure)) return;
  const { name, id: messageId } = first.envelope;
  observer.tryFailed?.({ ...failedTry(actor, 'message', name, failure), messageId });
}
