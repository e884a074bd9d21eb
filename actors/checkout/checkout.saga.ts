import { isDeepStrictEqual } from 'node:util';
import { ActorError } from '@trolley/runtime';
import type { CheckoutEvent, CheckoutInput } from './checkout.events.ts';
import { withEvent } from './checkout.journal.ts';
import { checkoutMachine } from './checkout.machine.ts';
import type { CheckoutSession } from './checkout.state.ts';
import { mayWait, stepNamed, type StepName } from './checkout.steps.ts';
import { inertCheckout } from './inert-checkout.ts';
import type { Stepped, WantedAction } from './inert-machine.ts';
import { isOfThisRelease } from './checkout.replay.ts';

/** What to do once the session is durable. */
export type Command =
  | { readonly type: 'perform'; readonly step: StepName; readonly delayMs: number }
  | { readonly type: 'publishCompleted' };

export interface SagaStep {
  readonly session: CheckoutSession;
  readonly commands: readonly Command[];
  /** It need not be on record before its commands are performed: their step's answer may wait. */
  readonly mayWait: boolean;
}

/** How a session stands. */
export type Ending = 'completed' | 'failed' | 'rejected' | undefined;

/** `traceId`: of the request that begins it. */
export function beginSaga(input: CheckoutInput, traceId?: string): SagaStep {
  return stepOf(inertCheckout.begin(input), traceId, () => []);
}

/** An event that the state does not know, such as a late outcome, changes nothing, and is not on record. */
export function advanceSaga(session: CheckoutSession, event: CheckoutEvent): SagaStep {
  const stepped = inertCheckout.next(restored(session), event);
  if (isAsBefore(session, stepped)) return { session, commands: [], mayWait: false };
  const step = stepOf(stepped, session.traceId, (after) => withEvent(session, event, after));
  const isOnward = step.commands.length > 0 && step.commands.every(isForward);
  return { ...step, mayWait: isOnward && mayWait(event.type) };
}

function isAsBefore(
  { value, context }: CheckoutSession,
  [snapshot, actions]: Stepped<typeof checkoutMachine>,
) {
  return (
    actions.length === 0 &&
    isDeepStrictEqual(snapshot.value, value) &&
    (snapshot.context === context || isDeepStrictEqual(snapshot.context, context))
  );
}

/** Whether it is one more step towards the sale. */
function isForward(command: Command): boolean {
  return command.type === 'perform' && !('mark' in stepNamed(command.step));
}

export function endingOf({ value }: CheckoutSession): Ending {
  return value === 'completed' || value === 'failed' || value === 'rejected' ? value : undefined;
}

// Not `getPersistedSnapshot`: it is made for machines with children, and restores by starting them again. A
// state value and a context are all that this machine is.
function stepOf(
  [snapshot, actions]: Stepped<typeof checkoutMachine>,
  traceId: string | undefined,
  journalOf: (session: CheckoutSession) => CheckoutSession['journal'],
): SagaStep {
  const session: CheckoutSession = {
    machine: checkoutMachine.id,
    machineVersion: checkoutMachine.version ?? '',
    value: snapshot.value,
    context: snapshot.context,
    ...(traceId === undefined ? {} : { traceId }),
  };
  const recorded = { journal: journalOf(session), ...session };
  return { session: recorded, commands: actions.map(commandOf), mayWait: false };
}

function restored(session: CheckoutSession) {
  const { machine, machineVersion, value, context } = session;
  if (!isOfThisRelease(session)) {
    throw new ActorError('internal', `no machine ${machine} version ${machineVersion} in this release`);
  }
  return inertCheckout.restore(value, context);
}

function commandOf(action: WantedAction): Command {
  switch (action.type) {
    case 'perform':
      return { type: 'perform', ...(action.params as { step: StepName; delayMs: number }) };
    case 'publishCompleted':
      return { type: 'publishCompleted' };
    default:
      throw new TypeError(`the checkout machine gave a command nobody knows: ${action.type}`);
  }
}
