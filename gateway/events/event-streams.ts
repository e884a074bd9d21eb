import type { ServerResponse } from 'node:http';
import type { ActorError, Clock, Logger } from '@trolley/runtime';
import type { ChangeSubscriber } from '../../actors/changes/change-notices.contract.ts';
import { ShopError } from '../error-table.ts';
import type { EventPosition, SourceName } from './event-id.ts';
import type { EventSources } from './event-source.ts';
import { EventStream, retryField, type StreamEnd } from './event-stream.ts';

export interface EventLimits {
  /** Streams at once. */
  readonly maxStreams: number;
  /** Of them, those of one user. */
  readonly maxPerUser: number;
}

/** Is told of streams, for metrics. */
export interface EventObserver {
  /** How many there are now. */
  open(streams: number): void;
  sent(source: SourceName): void;
  ended(reason: StreamEnd): void;
}

export interface EventStreamsOptions {
  readonly sources: EventSources;
  readonly subscriber: ChangeSubscriber;
  readonly limits: EventLimits;
  readonly clock: Clock;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** How long a store may take. */
  readonly readTimeoutMs: number;
  readonly observer?: EventObserver | undefined;
}

/** The reader of a stream. */
export interface EventReader {
  readonly userId: number;
  readonly requestId: string;
  readonly from: EventPosition;
  /** Rejects with `unauthorized` once the reader's token is no longer valid. */
  readonly checkToken: () => Promise<unknown>;
}

/** A stream ends after 15 to 20 minutes, so that readers spread over all gateways again. */
const lifetimeMs = { least: 900_000, more: 300_000 };
/** Spread, so that not all readers reconnect at once when a gateway ends. */
const reconnectMs = { least: 1_000, more: 2_000 };

/** The streams of events of one gateway. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #open = new Map<EventStream, number>();
  readonly #perUser = new Map<number, number>();
  #isClosed = false;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
  }

  /** Why a user may open no further stream now: `too_many_streams` or `unavailable`; undefined: they may. */
  refusalOf(userId: number): ActorError | undefined {
    const { maxStreams, maxPerUser } = this.#options.limits;
    if ((this.#perUser.get(userId) ?? 0) >= maxPerUser)
      return new ShopError('too_many_streams', `at most ${maxPerUser} streams of events at once`);
    if (this.#open.size >= maxStreams)
      return new ShopError('unavailable', 'no room for another stream', { details: { overloaded: true } });
    return undefined;
  }

  /** Sends events as the body of an answer whose head has been sent. */
  begin(output: ServerResponse, { userId, requestId, from, checkToken }: EventReader): void {
    const { sources, subscriber, clock, random, logger, readTimeoutMs, observer } = this.#options;
    const startedAt = clock.monotonic();
    const between = ({ least, more }: typeof lifetimeMs) => Math.floor(least + more * random());
    // Since `refusalOf` was asked, others may have opened streams, or the gateway may be closing: the reader reconnects.
    if (this.#isClosed || this.refusalOf(userId) !== undefined)
      return void output.end(retryField(between(reconnectMs)));
    const stream = new EventStream({
      ...{ output, userId, requestId, from, checkToken, sources, clock, random, logger, readTimeoutMs },
      lifetimeMs: between(lifetimeMs),
      reconnectMs: between(reconnectMs),
      onEvent: (source) => observer?.sent(source),
      onEnd: (reason) => {
        unsubscribe();
        this.#count(stream, userId, -1);
        observer?.ended(reason);
        const ms = Math.round(clock.monotonic() - startedAt);
        logger.debug({ userId, requestId, reason, ms }, 'a stream of events has ended');
      },
    });
    const unsubscribe = subscriber.subscribe(userId, (thing) => stream.changed(thing));
    this.#count(stream, userId, 1);
  }

  /** Ends all streams, and any that is begun later. */
  close(): void {
    this.#isClosed = true;
    for (const stream of this.#open.keys()) stream.end('drained');
  }

  #count(stream: EventStream, userId: number, change: 1 | -1): void {
    if (change === 1) this.#open.set(stream, userId);
    else this.#open.delete(stream);
    const ofUser = (this.#perUser.get(userId) ?? 0) + change;
    if (ofUser > 0) this.#perUser.set(userId, ofUser);
    else this.#perUser.delete(userId);
    this.#options.observer?.open(this.#open.size);
  }
}
