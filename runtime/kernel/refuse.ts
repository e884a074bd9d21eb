import { toWireError, ActorError } from '../define/errors.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Delivery, ShardLease } from '../mailbox/mailbox.ts';
import { reasonOf, type Failure } from './apply-turn.ts';
import type { Kernel } from './kernel.ts';
import { refusedWith } from './turn-draft.ts';

/**
 * Tells those who wait for an actor whose state cannot be read that it is not available, and ends their messages:
 * to apply one that nobody waits for any more would surprise more than it helps. What was told stays.
 * @throws FencedError, ParkedError
 */
export async function refuseAsks(
  kernel: Kernel,
  address: ActorAddress,
  lease: ShardLease,
  why = 'cannot be read',
): Promise<void> {
  // What it wants is unknown while its state is: so it stays listed.
  const wakeAt = kernel.clock.now();
  const request = { max: kernel.limits.messagesPerTurn, wakeAt };
  const taken = await kernel.mailbox.claim(address, lease, request);
  const asks = taken.filter(({ envelope }) => envelope.replyTo !== undefined);
  if (asks.length === 0) return;
  await answer(kernel, address, asks, new ActorError('unavailable', `${address.type} ${address.key} ${why}`));
  const ended = asks.map(({ jobId }) => ({ jobId }));
  await kernel.mailbox.ack(address, lease, ended, { max: 0, wakeAt });
}

/**
 * Parks an actor that fails at none of its messages: to try again helps nobody before its state or its code is mended.
 * Whoever asked is told; what was told waits.
 * @throws FencedError, ParkedError
 */
export async function parkAtItself(
  kernel: Kernel,
  address: ActorAddress,
  lease: ShardLease,
  { error, attempts }: Pick<Failure, 'error' | 'attempts'>,
): Promise<void> {
  await refuseAsks(kernel, address, lease, 'is parked until it is released');
  await kernel.mailbox.park(address, lease, { reason: reasonOf(error), attempts });
  kernel.logger.error(
    { actor: address.id, err: error },
    'an actor cannot go on; it is parked until it is released',
  );
  kernel.observer.parked?.({ actor: address, error });
}

/**
 * Makes dead letters of the messages to a type that this node does not have: a newer node's retry may take them up.
 * @throws FencedError, ParkedError
 */
export async function refuseAll(kernel: Kernel, address: ActorAddress, lease: ShardLease): Promise<void> {
  const { mailbox, limits, logger } = kernel;
  const unknown = new ActorError('unknown_actor', `no actor type '${address.type}' is hosted here`);
  const request = { max: limits.messagesPerTurn, wakeAt: Infinity };
  let taken = await mailbox.claim(address, lease, request);
  while (taken.length > 0) {
    logger.error({ actor: address.id, messages: taken.length }, unknown.message);
    await answer(kernel, address, taken, unknown);
    const failed = taken.map(({ jobId }) => ({ jobId, failedReason: unknown.message }));
    taken = await mailbox.ack(address, lease, failed, request);
  }
}

async function answer(
  { replies }: Kernel,
  address: ActorAddress,
  deliveries: readonly Delivery[],
  error: ActorError,
): Promise<void> {
  for (const { envelope } of deliveries) {
    if (envelope.replyTo === undefined) continue;
    await replies.send(envelope.replyTo, {
      id: `${address.id}/${envelope.id}`,
      answer: refusedWith(toWireError(error)),
    });
  }
}
