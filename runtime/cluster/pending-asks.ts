import type { Reply } from '../mailbox/replies.ts';
import type { PendingAsk } from './pending-ask.ts';

/** Who waits for the answer to a message, by the name of that; several, when it is asked again meanwhile. */
export class PendingAsks {
  readonly #asks = new Map<string, PendingAsk[]>();
  #size = 0;

  /** How many wait, also for the same message. */
  get size(): number {
    return this.#size;
  }

  has(correlation: string): boolean {
    return this.#asks.has(correlation);
  }

  all(): PendingAsk[] {
    return [...this.#asks.values()].flat();
  }

  [Symbol.iterator](): Iterator<readonly [string, readonly PendingAsk[]]> {
    return this.#asks[Symbol.iterator]();
  }

  add(correlation: string, ask: PendingAsk): void {
    this.#size += 1;
    const others = this.#asks.get(correlation);
    if (others === undefined) this.#asks.set(correlation, [ask]);
    else others.push(ask);
  }

  /** Takes the last one out of its list: V8 may hold what a Map once held until it looks through all of its heap. */
  remove(correlation: string, ask: PendingAsk): void {
    this.#size -= 1;
    const asks = this.#asks.get(correlation);
    if (asks === undefined) return;
    if (asks.length > 1) {
      asks.splice(asks.indexOf(ask), 1);
      return;
    }
    // Not by its length or a splice, after which the old place of the elements still leads to it.
    asks.pop();
    this.#asks.delete(correlation);
  }

  /** The message is in its mailbox. */
  sent(id: string): void {
    this.#asks.get(id)?.forEach((ask) => ask.wasSent());
  }

  answer({ id, answer }: Reply): void {
    this.#asks.get(id)?.forEach((ask) => ask.answer(answer));
  }
}
