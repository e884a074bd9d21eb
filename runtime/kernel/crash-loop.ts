import { withTimeLimit } from '../flow/time-limit.ts';
import type { Delivery, ShardLease } from '../mailbox/mailbox.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { EarlierFailures } from './apply-turn.ts';
import type { Kernel } from './kernel.ts';
import { levelOfRetry } from '../observe/reason.ts';

/** A message that was taken so often and never ended may be what its nodes died of. */
const quarantineStarts = 3;
/** Nodes that may die in the handler of one quarantined message. */
const maxDeaths = 3;
/** A mailbox that does not answer must not hold up the other quarantined messages of the node. */
const noteTimeoutMs = 5_000;

/*
 * Finds the message that takes its node down: its handler never returns, or exhausts the memory, and the next
 * node's turn to die comes with it. Each start of one in quarantine is noted before its handler runs, and taken back when
 * it has returned, whatever came of it: what remains noted, no store's outage can have been. One of them at a time
 * is noted on a node, so that none is blamed for what another one did.
 */

const isQuarantined = ({ starts }: Delivery) => starts >= quarantineStarts;

/** The messages that may be handled together: one in quarantine has a turn of its own. */
export function togetherOf(deliveries: readonly Delivery[]): readonly Delivery[] {
  if (deliveries.length < 2) return deliveries;
  const first = deliveries.findIndex(isQuarantined);
  return first < 0 ? deliveries : deliveries.slice(0, Math.max(1, first));
}

/**
 * Runs the handlers of messages that `togetherOf` chose, and returns what `handle` returned. One in quarantine that must
 * not be handled again has failed for good: `failures` say so before it is called.
 * @throws FencedError
 */
export function handleTogether<T>(
  kernel: Kernel,
  address: ActorAddress,
  lease: ShardLease,
  deliveries: readonly Delivery[],
  failures: EarlierFailures,
  handle: () => T | Promise<T>,
): T | Promise<T> {
  const [first] = deliveries;
  if (first === undefined || !isQuarantined(first)) return handle();
  return handleNoted(kernel, address, lease, first, failures, handle);
}

async function handleNoted<T>(
  { mailbox, clock, logger, quarantineLimiter }: Kernel,
  address: ActorAddress,
  lease: ShardLease,
  first: Delivery,
  failures: EarlierFailures,
  handle: () => T | Promise<T>,
): Promise<T> {
  const limited = <N>(noting: Promise<N>) => withTimeLimit(clock, noteTimeoutMs, 'noting a start', noting);
  return quarantineLimiter.run(async () => {
    const deaths = (await limited(mailbox.noteStart(address, lease, first.jobId))) - 1;
    try {
      if (deaths < maxDeaths) return await handle();
      const error = new Error(
        `its handler did not return on ${deaths} nodes, which died or lost their leases`,
      );
      failures.ofMessages.set(first.jobId, { attempts: deaths, error, isFinal: true });
      return await handle();
    } finally {
      await limited(mailbox.noteReturn(address, first.jobId)).catch((error: unknown) => {
        logger[levelOfRetry(error)]({ err: error, actor: address.id }, 'a start stays noted');
      });
    }
  });
}
