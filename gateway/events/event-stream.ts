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
  /** Rejects with `unauthorized` once the reader's token counts no more. */
  readonly readmit: () => Promise<unknown>;
  readonly sources: EventSources;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a store may take. */
  readonly readTimeoutMs: number;
  /** When it ends at the latest. */
  readonly lifetimeMs: number;
  /** How long its reader waits before it comes again. */
  readonly comeAgainMs: number;
  readonly onEvent: (source: SourceName) => void;
  readonly onEnd: (reason: StreamEnd) => void;
}

/** How often something is sent at least, the token looked at, and each source, since a notice may have been lost. */
export const beatMs = 15_000;
/** How long a reader may leave what was sent to it; no more is read for it meanwhile. */
export const slowMs = 30_000;
/** What changes more often is not told each time. */
const restMs = 100;
/** What tells a reader how long to wait before it comes again. */
export const comeAgainAfter = (ms: number) => `retry: ${ms}\n\n`;
const retry = { firstMs: 500, maxMs: beatMs };
/** Versions of things that may be seen again. */
const maxSeen = 1_000;

/** Sends one reader what has become of a user's things, in the form of server-sent events. */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #over = new AbortController();
  readonly #seen = new LRUCache<string, number>({ max: maxSeen });
  readonly #unread = new Set<SourceName>(sourceNames);
  #position: EventPosition;
  #isReady = false;
  #isBlocked = false;
  #beatDue = false;
  #cancelBeat: Cancel = () => undefined;
  /** Ends the wait for something to do. */
  #wake: () => void = () => undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#position = options.from;
    for (const gone of ['close', 'error']) options.output.once(gone, () => this.end('left'));
    const { clock, lifetimeMs } = options;
    const cancelLifetime = clock.schedule(lifetimeMs, () => this.end('lifetime'));
    this.#over.signal.addEventListener('abort', cancelLifetime, { once: true });
    this.#beatLater();
    void this.#run();
  }

  /** Something has changed; without a source, perhaps anything. */
  changed(source?: SourceName): void {
    for (const each of source === undefined ? sourceNames : [source]) this.#unread.add(each);
    this.#wake();
  }

  /** What was sent can be gone on from, wherever it is cut off. */
  end(reason: StreamEnd): void {
    if (this.#over.signal.aborted) return;
    this.#cancelBeat();
    this.#over.abort();
    this.#wake();
    // Whoever takes nothing would hold up the end of the whole gateway.
    if (this.#isBlocked) this.#options.output.destroy();
    else this.#options.output.end();
    this.#options.onEnd(reason);
  }

  #beatLater(): void {
    this.#cancelBeat = this.#options.clock.schedule(beatMs, () => {
      this.#beatDue = true;
      this.changed();
      this.#beatLater();
    });
  }

  async #run(): Promise<void> {
    const { clock, logger, userId, requestId, comeAgainMs } = this.#options;
    const { signal } = this.#over;
    await this.#send(comeAgainAfter(comeAgainMs));
    for (let failures = 0; !signal.aborted;) {
      if (this.#unread.size === 0) await this.#work();
      if (this.#beatDue) await this.#beat();
      try {
        await this.#readAll();
        failures = 0;
        await pause(clock, restMs, signal);
      } catch (err) {
        // Once for each time; what follows only says the same.
        const level = failures === 0 ? levelOfRetry(err) : 'debug';
        logger[level]({ err, userId, requestId }, 'events cannot be read for now');
        await pause(clock, backOffMs(retry, failures++), signal);
      }
    }
  }

  #work(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (this.#over.signal.aborted) resolve();
    });
  }

  /** Tells that the stream is there, and how far it has come. */
  async #beat(): Promise<void> {
    this.#beatDue = false;
    try {
      await this.#options.readmit();
    } catch (error) {
      // Where it can't be told whether the token counts, it does till the next time.
      if (codeOf(error) === 'unauthorized') return this.end('token');
    }
    await this.#send(this.#isReady ? `:\nid: ${eventIdOf(this.#position)}\n\n` : ':\n\n');
  }

  /** One look at each source that may have something new. */
  async #readAll(): Promise<void> {
    const { signal } = this.#over;
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

  /** Whether there is another page. */
  async #readPage(source: SourceName): Promise<boolean> {
    const { sources, userId, readTimeoutMs: timeoutMs, requestId, onEvent } = this.#options;
    const call = { requestId, timeoutMs, signal: this.#over.signal };
    const page = await sources[source](userId, this.#position[source], call);
    const news = page.events.filter(({ id, version }) => this.#seen.get(id) !== version);
    for (const [index, { id, version, body }] of news.entries()) {
      // Only with the last one the whole page was sent.
      if (index === news.length - 1) this.#move(source, page.next);
      await this.#sendEvent(source, { version, [source]: body });
      if (this.#over.signal.aborted) return false;
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

  /** The text of a JSON value is one line. */
  #sendEvent(event: string, data: Json): Promise<void> {
    return this.#send(`event: ${event}\nid: ${eventIdOf(this.#position)}\ndata: ${toJsonText(data)}\n\n`);
  }

  /** Resolves when more may be sent. */
  async #send(text: string): Promise<void> {
    const { output, clock } = this.#options;
    const { signal } = this.#over;
    if (signal.aborted || output.write(text)) return;
    this.#isBlocked = true;
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(slowMs, () => this.end('slow'));
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
