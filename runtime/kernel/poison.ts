import { toWireError, ActorError } from '../define/errors.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { ShardLease } from '../mailbox/mailbox.ts';
import { reasonOf, type Poison } from './apply-turn.ts';
import type { Kernel } from './kernel.ts';
import { postMortem } from './post-mortem.ts';
import { refusedWith } from './turn-draft.ts';

/** Tells of a dead letter, once it is one. */
export function reportDeadLetter({ logger, observer }: Kernel, actor: ActorAddress, poison: Poison): void {
  logger.error(logOf(actor, poison), 'a message failed for good and is now a dead letter');
  observer.deadLettered?.(reportOf(actor, poison));
}

/**
 * Parks the actor with the message first in its mailbox; whoever asked hears that it waits. The state is the one that the
 * message came to.
 * @throws FencedError
 */
export async function park(
  { mailbox, replies, logger, observer }: Kernel,
  actor: ActorAddress,
  lease: ShardLease,
  poison: Poison,
  state: unknown,
): Promise<void> {
  const { error, attempts, delivery } = poison;
  const { jobId, envelope } = delivery;
  const why = { jobId, message: envelope.name, reason: reasonOf(error), attempts };
  await mailbox.park(actor, lease, { ...why, ...postMortem(error, state) });
  logger.error(logOf(actor, poison), 'a message failed for good; its actor is parked until it is released');
  observer.parked?.(reportOf(actor, poison));
  if (envelope.replyTo === undefined) return;
  const sentence = `${envelope.name} failed and waits: ${actor.type} ${actor.key} is parked until it is released`;
  const answer = refusedWith(toWireError(new ActorError('unavailable', sentence)));
  await replies.send(envelope.replyTo, { id: `${actor.id}/${envelope.id}`, answer });
}

function reportOf(actor: ActorAddress, { delivery: { envelope }, error }: Poison) {
  return { actor, message: envelope.name, messageId: envelope.id, error };
}

function logOf(actor: ActorAddress, { delivery: { envelope }, error }: Poison) {
  const { name: message, id: messageId, requestId } = envelope;
  return { actor: actor.id, message, messageId, requestId, err: error };
}
