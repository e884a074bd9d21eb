import type { Writable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { backOffMs, codeOf, pause, type Cancel, type Clock, type Logger } from '@trolley/runtime';
import { levelOfRetry } from '@trolley/runtime/observe';
import { toJsonText, type Json } from '../money-json.ts';
import { eventIdOf, sourceNames, type EventPosition, type SourceName } from './event-id.ts';
import type { EventSources } from './event-source.ts';

/** Why a stream has ended. `slow`: its reader took nothing for too long. */
export type StreamEnd = 'left' | 'slow' | 'token' | 'lifetime' | 'drained';

export interface EventStreamOptions {
  readonly output: Writable;
  readonly userId: number;
  readonly requestId: string;
  /** Where its reader was; an empty one: it begins now. */
  readonly from: EventPosition;
  /** Rejects with `unauthorized` once the reader's token is no longer valid. */
  readonly checkToken: () => Promise<unknown>;
  readonly sources: EventSources;
  readonly clock: Clock;
  /** Gives numbers in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** How long a store may take. */
  readonly readTimeoutMs: number;
  /** When it ends at the latest. */
  readonly lifetimeMs: number;
  /** How long its reader waits before it reconnects. */
  readonly reconnectMs: number;
  readonly onEvent: (source: SourceName) => void;
  readonly onEnd: (reason: StreamEnd) => void;
}

/**
 * How often a heartbeat is sent. With it the token is checked, and every source is read, since the notice of a change
 * may have been lost.
 */
export const heartbeatMs = 15_000;
/** How long a reader may leave data unread. Nothing more is read for it meanwhile. */
export const slowReaderMs = 30_000;
/** The shortest time between two reads: what changes more often is sent in its last version. */
const readIntervalMs = 100;
/** Tells a reader how long to wait before it reconnects. */
export const retryField = (ms: number) => `retry: ${ms}\n\n`;
const retry = { firstMs: 500, maxMs: heartbeatMs };
/** Versions that are remembered, so that none is sent twice. */
const maxSeen = 1_000;

/** Sends one reader the newest state of a user's cart, checkouts and orders, as server-sent events. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #ended = new AbortController();
  readonly #seen = new LRUCache<string, number>({ max: maxSeen });
  /** Sources that may have something new. */
  readonly #unread = new Set<SourceName>(sourceNames);
  #position: EventPosition;
  #isReady = false;
  #isBlocked = false;
  #isHeartbeatDue = false;
  #cancelHeartbeat: Cancel = () => undefined;
  /** Ends the wait for a change. */
  #wake: () => void = () => undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#position = options.from;
    for (const gone of ['close', 'error']) options.output.on(gone, () => this.end('left'));
    const { clock, lifetimeMs } = options;
    const cancelLifetime = clock.schedule(lifetimeMs, () => this.end('lifetime'));
    this.#ended.signal.addEventListener('abort', cancelLifetime, { once: true });
    this.#scheduleHeartbeat();
    void this.#run();
  }

  /** This source has changed; without one, any of them may have. */
  changed(source?: SourceName): void {
    for (const each of source === undefined ? sourceNames : [source]) this.#unread.add(each);
    this.#wake();
  }

  /** A reader resumes by the last id that it has, wherever the stream is cut off. */
  end(reason: StreamEnd): void {
    if (this.#ended.signal.aborted) return;
    this.#cancelHeartbeat();
    this.#ended.abort();
    this.#wake();
    // A reader that takes nothing would hold up the shutdown of the gateway.
    if (this.#isBlocked) this.#options.output.destroy();
    else this.#options.output.end();
    this.#options.onEnd(reason);
  }

  #scheduleHeartbeat(): void {
    this.#cancelHeartbeat = this.#options.clock.schedule(heartbeatMs, () => {
      this.#isHeartbeatDue = true;
      this.changed();
      this.#scheduleHeartbeat();
    });
  }

  async #run(): Promise<void> {
    const { clock, random, logger, userId, requestId, reconnectMs } = this.#options;
    const { signal } = this.#ended;
    await this.#send(retryField(reconnectMs));
    for (let failures = 0; !signal.aborted;) {
      if (this.#unread.size === 0) await this.#nextChange();
      if (this.#isHeartbeatDue) await this.#sendHeartbeat();
      try {
        await this.#readAll();
        failures = 0;
        await pause(clock, readIntervalMs, signal);
      } catch (err) {
        if (this.#ended.signal.aborted) return;
        // Once for each outage: later attempts would only repeat it.
        const level = failures === 0 ? levelOfRetry(err) : 'debug';
        logger[level]({ err, userId, requestId }, 'events cannot be read for now');
        await pause(clock, backOffMs(retry, failures++, random), signal);
      }
    }
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#ended.signal.aborted) resolve();
    });
  }

  /** Checks the token, and sends the id that the stream has reached. */
  async #sendHeartbeat(): Promise<void> {
    this.#isHeartbeatDue = false;
    try {
      await this.#options.checkToken();
    } catch (error) {
      // Any other error leaves open whether the token is valid: it is checked again with the next heartbeat.
      if (codeOf(error) === 'unauthorized') return this.end('token');
    }
    await this.#send(`:\n${this.#idField()}\n`);
  }

  /** Reads each source that may have something new. */
  async #readAll(): Promise<void> {
    const { signal } = this.#ended;
    const left = sourceNames.filter((source) => this.#unread.has(source));
    this.#unread.clear();
    try {
      for (let [source] = left; source !== undefined && !signal.aborted; [source] = left) {
        if (!(await this.#readPage(source))) left.shift();
      }
    } finally {
      for (const source of left) this.#unread.add(source);
    }
    if (this.#isReady || signal.aborted) return;
    this.#isReady = true;
    await this.#sendEvent('ready', {});
  }

  /** Resolves with whether there is another page. */
  async #readPage(source: SourceName): Promise<boolean> {
    const { sources, userId, readTimeoutMs: timeoutMs, requestId, onEvent } = this.#options;
    const call = { requestId, timeoutMs, signal: this.#ended.signal };
    const page = await sources[source](userId, this.#position[source], call);
    const news = page.events.filter(({ id, version }) => this.#seen.get(id) !== version);
    for (const [index, { id, version, body }] of news.entries()) {
      // An id says that everything before it was sent: only the last event of a page moves the position.
      if (index === news.length - 1) this.#move(source, page.next);
      await this.#sendEvent(source, { version, [source]: body });
      if (this.#ended.signal.aborted) return false;
      this.#seen.set(id, version);
      onEvent(source);
    }
    this.#move(source, page.next);
    if (page.isForeign) await this.#sendEvent('reset', { of: source });
    return page.hasMore;
  }

  #move(source: SourceName, position: string): void {
    this.#position = { ...this.#position, [source]: position };
  }

  /** JSON text has no line breaks, so it is one line of data. */
  #sendEvent(event: string, data: Json): Promise<void> {
    return this.#send(`event: ${event}\n${this.#idField()}data: ${toJsonText(data)}\n\n`);
  }

  #idField(): string {
    const id = eventIdOf(this.#position);
    return id === undefined ? '' : `id: ${id}\n`;
  }

  /** Resolves when more may be sent. */
  async #send(text: string): Promise<void> {
    const { output, clock } = this.#options;
    const { signal } = this.#ended;
    if (signal.aborted || output.write(text)) return;
    this.#isBlocked = true;
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(slowReaderMs, () => this.end('slow'));
      const goOn = () => {
        cancel();
        output.off('drain', goOn);
        signal.removeEventListener('abort', goOn);
        resolve();
      };
      output.once('drain', goOn);
      signal.addEventListener('abort', goOn, { once: true });
    });
    this.#isBlocked = false;
  }
}
