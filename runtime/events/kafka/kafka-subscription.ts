import { pause } from '../../define/clock.ts';
import { levelOfRetry } from '../../observe/reason.ts';
import { backOffMs } from '../../flow/back-off.ts';
import type { Subscription } from '../event-log.ts';
import type { KafkaClient } from './kafka-client.ts';
import { KafkaSession, type KafkaSessionOptions } from './kafka-session.ts';
import type { KafkaTopics } from './kafka-topics.ts';

export interface KafkaSubscriptionOptions extends Omit<
  KafkaSessionOptions,
  'client' | 'joined' | 'leftBehind' | 'closing'
> {
  readonly openClient: () => KafkaClient;
  readonly topics: KafkaTopics;
}

const retry = { firstMs: 200, maxMs: 5_000 };

/** Takes part in a group, session after session, until it is closed. */
export class KafkaSubscription implements Subscription {
  readonly #options: KafkaSubscriptionOptions;
  readonly #closing = new AbortController();
  readonly #leftBehind = new Map<number, Promise<void>>();
  readonly #running: Promise<void>;

  constructor(options: KafkaSubscriptionOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async lag(): Promise<number> {
    const { topics, subscribe } = this.#options;
    await topics.ensure(subscribe.topic);
    const lags = await topics.lag(subscribe.topic, subscribe.group);
    return lags.reduce((sum, { records }) => sum + records, 0);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { openClient, topics, subscribe, clock, random, logger } = this.#options;
    const { topic, group } = subscribe;
    const closing = this.#closing.signal;
    for (let failures = 0; !closing.aborted;) {
      try {
        await topics.ensure(topic);
        const session = new KafkaSession({
          ...this.#options,
          client: openClient(),
          joined: () => (failures = 0),
          leftBehind: this.#leftBehind,
          closing,
        });
        await session.run();
      } catch (error) {
        topics.doubt(topic);
        const delayMs = Math.round(backOffMs(retry, failures++, random));
        logger[levelOfRetry(error)]({ err: error, topic, group, delayMs }, 'consuming was interrupted');
        await pause(clock, delayMs, closing);
      }
    }
  }
}
