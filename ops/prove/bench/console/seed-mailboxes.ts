import { once } from 'node:events';
import { z } from 'zod';
import {
  type ActorCluster,
  ActorError,
  defineActor,
  defineContract,
  type HostedActor,
} from '@trolley/runtime';
import type { EventLog } from '@trolley/runtime/events';
import { MemoryStateStore } from '@trolley/runtime/testing';
import { checkoutCompletedType, checkoutTopic } from '../../../../actors/checkout/checkout-completed.ts';
import { eventually } from '../../e2e/eventually.ts';
import type { Sizes } from './seed-tables.ts';

const messages = { Put: { input: z.object({ text: z.string() }) } };
const contract = <const T extends string>(type: T) =>
  defineContract({ type, key: z.string().min(1), refusals: {}, messages });

/** Its store hangs, so its messages wait. */
export const Pile = contract('pile');
/** Each message of it fails for good, and is a dead letter. */
const Parcel = contract('parcel');
/** Each stops at its first message. */
const Van = contract('van');

const state = z.object({});
const initial = () => ({});
const fail = () => {
  throw new Error('no address is on it', { cause: new Error('the label is torn') });
};

/** Does not answer until the end. */
class HangingStore extends MemoryStateStore {
  readonly #end: AbortSignal;

  constructor(end: AbortSignal) {
    super();
    this.#end = end;
  }

  override async load(): Promise<never> {
    if (!this.#end.aborted) await once(this.#end, 'abort');
    throw new ActorError('unavailable', 'it has never answered');
  }
}

/** What the node of the console's cluster hosts. */
export function seededActors(end: AbortSignal): HostedActor[] {
  const put = { Put: () => undefined };
  const failing = { state, initial, receive: { Put: fail } };
  return [
    { actor: defineActor(Pile, { state, initial, receive: put }), store: new HangingStore(end) },
    { actor: defineActor(Parcel, { ...failing, onPoison: 'dead-letter' }), store: new MemoryStateStore() },
    { actor: defineActor(Van, { ...failing, onPoison: 'park' }), store: new MemoryStateStore() },
  ];
}

const text = 'x'.repeat(200);
const atOnce = 250;

async function inChunks(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += atOnce) {
    const chunk = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => work(from + i));
    await Promise.all(chunk);
  }
}

/** Dead letters, parked actors, and mailboxes of which every tenth is deeper than the others. */
export async function seedMailboxes(
  cluster: ActorCluster,
  { mailboxes }: Pick<Sizes, 'mailboxes'>,
): Promise<void> {
  const few = Math.ceil(mailboxes / 10);
  const tell = (to: typeof Pile | typeof Parcel | typeof Van, key: number) =>
    cluster.ref(to as typeof Pile, `k${key}`).tell('Put', { text });
  await inChunks(few, (n) => tell(Parcel, n));
  await inChunks(few, (n) => tell(Van, n));
  const full = { limit: 500 };
  await eventually(async () => {
    const letters = await cluster.deadLetters.list(full);
    const parked = await cluster.parked.list(full);
    return Math.min(letters.items.length, parked.items.length) === Math.min(few, full.limit);
  }, 'dead letters and parked actors');
  await inChunks(few, (n) => tell(Van, n));
  await inChunks(mailboxes, (n) => tell(Pile, n));
  await inChunks(few * 9, (n) => tell(Pile, 10 * (n % few)));
}

const eventsOfBatch = 500;
const batches = 100;

/** So many events in the log that a search does not see all of them, and some that nobody understood. */
export async function seedEvents(log: EventLog, userOf: (n: number) => number): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const events = Array.from({ length: eventsOfBatch }, (_, i) => {
      const n = batch * eventsOfBatch + i;
      return {
        ...{ id: `seed-${n}`, key: String(userOf(n)), type: checkoutCompletedType, headers: {} },
        value: JSON.stringify({ checkout_id: `seed-${n}`, items: [text] }),
      };
    });
    await log.append(checkoutTopic, events);
  }
  const { records } = await log.read(checkoutTopic, { limit: 200 });
  for (const record of records) await log.reject(checkoutTopic, record, 'no such field');
}
