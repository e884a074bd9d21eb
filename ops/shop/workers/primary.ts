import type { LinkPort } from '@trolley/runtime';
import type { HealthCheck } from '@trolley/runtime/observe';
import type { Snapshot } from '../metrics/metrics.ts';
import type { GatewayOrder, ToPrimary, ToWorker } from './messages.ts';

/** What of `process` is used. */
export interface Channel {
  on(event: 'message', listener: (message: ToWorker) => void): unknown;
  /** There only in a process that was started with a channel. */
  send?(message: ToPrimary, done: () => void): unknown;
}

/** The process that started this one, as seen from here. */
export class Primary {
  /** What is to be done; comes once this process has said that it is there. */
  readonly order: Promise<GatewayOrder>;
  readonly #channel: Channel;
  /** Checks that wait for an answer, by dependency. */
  readonly #checks = new Map<string, (reason: string | undefined) => void>();
  readonly #stopped = new AbortController();
  #snapshot: () => Promise<Snapshot> = () => Promise.resolve([]);
  #onMetrics: (text: string) => void = () => undefined;
  #onFrame: (frame: unknown) => void = () => undefined;
  /** To the cluster client of the primary, which hosts actors. */
  readonly link: LinkPort = {
    post: (frame) => void this.tell({ frame }),
    onFrame: (listener) => (this.#onFrame = listener),
  };

  constructor(channel: Channel) {
    this.#channel = channel;
    this.order = new Promise((resolve) => {
      channel.on('message', (message) => {
        if ('frame' in message) this.#onFrame(message.frame);
        else if ('start' in message) resolve(message.start);
        else if ('stop' in message) this.#stopped.abort();
        else if ('measure' in message) void this.#measure();
        else if ('metrics' in message) this.#onMetrics(message.metrics);
        else this.#checks.get(message.checked)?.(message.reason);
      });
    });
    void this.tell({ loaded: true });
  }

  /** Aborts when it is over. */
  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Resolves when it is on its way. Where there is no primary any more this process ends anyway. */
  tell(message: ToPrimary): Promise<void> {
    return new Promise((resolve) => {
      if (this.#channel.send === undefined) resolve();
      else this.#channel.send(message, () => resolve());
    });
  }

  /** Tells these figures whenever the primary wants them. */
  measuredBy(snapshot: () => Promise<Snapshot>): void {
    this.#snapshot = snapshot;
  }

  /** The figures of the whole shop; stays open when the primary does not answer. One such question at a time. */
  metrics(): Promise<string> {
    return new Promise((resolve) => {
      this.#onMetrics = resolve;
      void this.tell({ scrape: true });
    });
  }

  /** What can't be told is not: the primary has a limit for that. */
  async #measure(): Promise<void> {
    const measured = await this.#snapshot().catch(() => undefined);
    if (measured !== undefined) await this.tell({ measured });
  }

  /** Asks the primary; readiness has a limit for the answer, and asks for each dependency once at a time. */
  checkOf({ name, at }: GatewayOrder['dependencies'][number]): HealthCheck {
    const check = () =>
      new Promise<void>((resolve, reject) => {
        this.#checks.set(name, (reason) => {
          this.#checks.delete(name);
          if (reason === undefined) resolve();
          else reject(new Error(reason));
        });
        void this.tell({ check: name });
      });
    return Object.assign(check, at === undefined ? {} : { at });
  }
}
