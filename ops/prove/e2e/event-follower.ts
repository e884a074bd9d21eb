import { setTimeout as delay } from 'node:timers/promises';
import { EventReading, type ReadEvent } from '../../../gateway/testing/read-events.ts';
import { documentedFetch } from '../testing/documented-fetch.ts';
import type { Shopper } from './shop-client.ts';

interface Told {
  readonly version: number;
}

/** Follows a user's events as a client does: where the stream ends it comes again, with the last id that it has. */
export class EventFollower {
  /** Everything that was told, repeats left out, by the versions that came with it. */
  readonly events: ReadEvent[] = [];
  repeats = 0;
  /** Streams that were begun. */
  streams = 0;
  readonly #url: () => string;
  readonly #shopper: Shopper;
  readonly #versions = new Map<string, number>();
  #fault: Error | undefined;
  #hasLeft = false;
  #leave: () => void = () => undefined;
  readonly #ended: Promise<void>;
  #lastId = '';
  #ready: () => void = () => undefined;
  /** Resolves when the first stream says that it has begun. */
  readonly ready = new Promise<void>((resolve) => (this.#ready = resolve));

  constructor(url: () => string, shopper: Shopper) {
    [this.#url, this.#shopper] = [url, shopper];
    this.#ended = this.#follow();
  }

  /** The newest of each thing that was told of, by its kind. */
  newest<B>(kind: 'cart' | 'checkout' | 'order'): B[] {
    const found = new Map<string, B>();
    for (const { event, data } of this.events) {
      if (event === kind) found.set(idOf(kind, data), (data as Record<string, B>)[kind] as B);
    }
    return [...found.values()];
  }

  /** @throws Error when something went back to an older version meanwhile */
  async stop(): Promise<void> {
    this.#hasLeft = true;
    this.#leave();
    await this.#ended;
    if (this.#fault !== undefined) throw this.#fault;
  }

  async #follow(): Promise<void> {
    while (!this.#hasLeft) {
      try {
        await this.#read();
      } catch {
        // A gateway that was killed, or is not there yet.
      }
      await delay(20);
    }
  }

  async #read(): Promise<void> {
    const leaving = new AbortController();
    this.#leave = () => leaving.abort();
    const answer = await documentedFetch(`${this.#url()}/api/v1/events`, {
      headers: {
        authorization: `Bearer ${this.#shopper.token}`,
        ...(this.#lastId === '' ? {} : { 'last-event-id': this.#lastId }),
      },
      signal: leaving.signal,
    });
    if (answer.status !== 200 || answer.body === null) throw new Error(`answered ${answer.status}`);
    this.streams += 1;
    const reading = new EventReading();
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
      reading.take(text);
      if (reading.lastId !== '') this.#lastId = reading.lastId;
      for (const event of reading.events.splice(0)) this.#take(event);
    }
  }

  #take(event: ReadEvent): void {
    if (event.event === 'ready') return this.#ready();
    if (event.event === 'reset') return void this.events.push(event);
    const id = `${event.event} ${idOf(event.event, event.data)}`;
    const [{ version }, known] = [event.data as Told, this.#versions.get(id)];
    if (known !== undefined && version < known)
      this.#fault ??= new Error(`${id} went from ${known} back to ${version}`);
    if (version === known) this.repeats += 1;
    else this.events.push(event);
    this.#versions.set(id, version);
  }
}

function idOf(kind: string, data: unknown): string {
  const body = (data as Record<string, Record<string, unknown> | undefined>)[kind];
  return String(body?.['checkout_id'] ?? body?.['cart_id']);
}
