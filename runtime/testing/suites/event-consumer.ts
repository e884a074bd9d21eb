import type { LogEvent, LogRecord, Subscription } from '../../events/event-log.ts';

let events = 0;

/** An event with the headers that the relay gives each. */
export function eventOf(key: string, value = 'null'): LogEvent {
  const id = `event-${++events}`;
  return {
    id,
    key,
    type: 'Counted',
    value,
    headers: { event_type: 'Counted', event_id: id, traceparent: '00-ä' },
  };
}

/** Remembers what it was called with, and lets a test wait for it or hold it up. */
export class Consumer {
  readonly seen: LogRecord[] = [];
  readonly #gates = new Map<string, Promise<void>>();
  #heard: () => void = () => {};

  readonly handle = async (record: LogRecord): Promise<void> => {
    this.seen.push(record);
    this.#heard();
    await this.#gates.get(record.key);
  };

  /** Holds records of the key up until the returned function is called. */
  hold(key: string): () => void {
    let open = () => {};
    this.#gates.set(key, new Promise((resolve) => (open = resolve)));
    return () => {
      this.#gates.delete(key);
      open();
    };
  }

  async until(condition: (seen: readonly LogRecord[]) => boolean): Promise<readonly LogRecord[]> {
    while (!condition(this.seen)) await new Promise<void>((resolve) => (this.#heard = resolve));
    return this.seen;
  }

  untilSeen(expected: readonly LogEvent[]): Promise<readonly LogRecord[]> {
    return this.until((seen) => expected.every(({ id }) => seen.some((record) => record.id === id)));
  }

  ids(key?: string): string[] {
    return this.seen.filter((record) => key === undefined || record.key === key).map(({ id }) => id);
  }
}

export async function untilCommitted(subscription: Subscription): Promise<void> {
  while ((await subscription.lag()) > 0) await new Promise((resolve) => setImmediate(resolve));
}

export const idsOf = (some: readonly LogEvent[]) => some.map(({ id }) => id);
