import type { Kafka } from 'kafkajs';
import type { Clock } from '../../define/clock.ts';
import { ActorError } from '../../define/errors.ts';
import { withTimeLimit } from '../../flow/time-limit.ts';
import type { KafkaClient } from './kafka-client.ts';

interface Connectable {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

interface Opened<T> {
  readonly client: KafkaClient;
  readonly made: T;
  readonly connected: Promise<void>;
  readonly over: AbortController;
  users: number;
}

const disconnectLimitMs = 3_000;

/**
 * A producer or an admin that connects when it is first needed. After any failure the next use begins with a new
 * one, and the old one is ended, with whatever it still tries, when nobody waits for it any more.
 */
export class KafkaOnDemand<T extends Connectable> {
  readonly #openClient: () => KafkaClient;
  readonly #create: (kafka: Kafka) => T;
  readonly #clock: Clock;
  #opened: Opened<T> | undefined;
  #closed = false;

  constructor(openClient: () => KafkaClient, create: (kafka: Kafka) => T, clock: Clock) {
    this.#openClient = openClient;
    this.#create = create;
    this.#clock = clock;
  }

  /**
   * @param limitMs for the connecting and the work together
   * @param work gets a signal that aborts when nobody waits for it any more
   */
  async use<R>(what: string, limitMs: number, work: (made: T, over: AbortSignal) => Promise<R>): Promise<R> {
    if (this.#closed) throw new ActorError('unavailable', `${what}: the event log is closed`);
    const opened = (this.#opened ??= this.#open());
    opened.users++;
    try {
      const working = opened.connected.then(() => work(opened.made, opened.over.signal));
      return await withTimeLimit(this.#clock, limitMs, what, working);
    } catch (error) {
      if (this.#opened === opened) this.retire();
      throw error;
    } finally {
      opened.users--;
      this.#endUnused(opened);
    }
  }

  /** The next use begins with a new one. */
  retire(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened !== undefined) this.#endUnused(opened);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = this.#opened;
    if (opened === undefined) return;
    try {
      await withTimeLimit(this.#clock, disconnectLimitMs, 'disconnecting', opened.made.disconnect());
    } catch {
      // What can't be asked to end is ended.
    }
    end(opened);
  }

  #open(): Opened<T> {
    const client = this.#openClient();
    const made = this.#create(client.kafka);
    return { client, made, connected: made.connect(), over: new AbortController(), users: 0 };
  }

  #endUnused(opened: Opened<T>): void {
    if (opened !== this.#opened && opened.users === 0) end(opened);
  }
}

function end({ client, over }: Opened<unknown>): void {
  over.abort();
  client.destroy();
}
