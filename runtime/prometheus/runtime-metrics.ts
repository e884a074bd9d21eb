import type { Registry } from 'prom-client';
import { systemClock, type Clock } from '../define/clock.ts';
import { isActorError } from '../define/errors.ts';
import type { ClientInterceptor } from '../define/interceptor.ts';
import type { NodeObserver } from '../kernel/node-observer.ts';
import { isForeseen } from '../observe/reason.ts';
import type { StateStore } from '../storage/state-store.ts';
import { DurationHistogram } from './duration-histogram.ts';
import { measuredStore } from './measured-store.ts';
import { nodeMetrics } from './node-metrics.ts';

export interface RuntimeMetricsOptions {
  /** Takes the metrics. One for each process, made where its parts are put together. */
  readonly registry: Registry;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/**
 * What is to be handed to `connect`, to `host` and around the stores. Labels are what contracts name: actor types,
 * messages and effects, and never a key.
 *
 * @example
 * const metrics = createRuntimeMetrics({ registry });
 * const cluster = await connect({ redis, interceptors: [metrics.client] });
 * const store = metrics.store('counter', new MemoryStateStore());
 * await cluster.host([{ actor: counter, store }], { observer: metrics.observer });
 */
export interface RuntimeMetrics {
  /** For `connect({ interceptors })`, the first of them: how long asks take, and how they end. */
  readonly client: ClientInterceptor;
  /** For `host(actors, { observer })`: turns, effects, activations, dead letters, shards. */
  readonly observer: NodeObserver;
  /** The same store, measured. */
  readonly store: (actorType: string, store: StateStore) => StateStore;
}

export function createRuntimeMetrics({
  registry,
  clock = systemClock,
}: RuntimeMetricsOptions): RuntimeMetrics {
  const asks = new DurationHistogram({
    name: 'trolley_ask_duration_seconds',
    help: 'How long asks of this process took. Outcome: ok; refused, by a rule; failed, or unknown.',
    labelNames: ['actor', 'message', 'outcome'],
    registry,
  });
  const states = new DurationHistogram({
    name: 'trolley_state_duration_seconds',
    help: 'How long the stores took. Outcome: ok; stale, another version was stored and nothing was changed; failed.',
    labelNames: ['actor', 'operation', 'outcome'],
    registry,
  });
  return {
    client: {
      ask(ask, next) {
        const startedAt = clock.monotonic();
        const { type: actor, message } = ask;
        const ended = (outcome: string) =>
          asks.observe([actor, message, outcome], (clock.monotonic() - startedAt) / 1000);
        const answered = next(ask);
        answered.then(
          () => ended('ok'),
          (error: unknown) => ended(isRefusal(error) ? 'refused' : 'failed'),
        );
        return answered;
      },
    },
    observer: nodeMetrics(registry),
    store: (actor, store) => measuredStore({ actor, store, states, clock }),
  };
}

/** Whether it is an answer: what may pass, and what is nobody's fault but this program's, is none. */
function isRefusal(error: unknown): boolean {
  return isActorError(error) && isForeseen(error) && error.retry === 'never';
}
