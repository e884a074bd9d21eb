import type { TracerProvider } from '@opentelemetry/api';
import { systemClock, type Clock } from '../define/clock.ts';
import type { ClientInterceptor, NodeInterceptor } from '../define/interceptor.ts';
import type { EventLog } from '../events/event-log.ts';
import type { NodeObserver } from '../kernel/node-observer.ts';
import type { StateStore } from '../storage/state-store.ts';
import { OpenTurns } from './open-turns.ts';
import { Spans } from './spans.ts';
import { tracedClient } from './traced-client.ts';
import { tracedEventLog } from './traced-event-log.ts';
import { tracedNode } from './traced-node.ts';
import { tracedStore, type TracedDatabase } from './traced-store.ts';

export interface RuntimeTracingOptions {
  /** Makes the spans, and samples them. */
  readonly provider: TracerProvider;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/**
 * What is to be handed to `connect`, to `host` and around stores and event logs. Each hop makes its span the parent of
 * the next, also over mailboxes, effects, outbox and event log; a caller's `traceparent` and its sampling count.
 *
 * @example
 * const tracing = createRuntimeTracing({ provider });
 * const cluster = await connect({ redis, interceptors: [tracing.client] });
 * const store = tracing.store('counter', new MemoryStateStore(), { system: 'memory', collection: 'counters' });
 * await cluster.host([{ actor: counter, store }], {
 *   interceptors: [tracing.node],
 *   observer: tracing.observer,
 * });
 */
export interface RuntimeTracing {
  /** For `connect({ interceptors })`: asks and tells. */
  readonly client: ClientInterceptor;
  /** For `host(actors, { interceptors })`, the first of them: messages with their wait, reads, effects and outcomes. */
  readonly node: NodeInterceptor;
  /** For `host(actors, { observer })`: ends what `node` has begun, so one does not go without the other. */
  readonly observer: Pick<NodeObserver, 'turnEnded'>;
  /** The store as a node is to have it: its loads and writes are spans within the messages that they are made for. */
  readonly store: (actorType: string, store: StateStore, database: TracedDatabase) => StateStore;
  /** The same log: what is appended and what is handled. `system` is `messaging.system.name`, such as `kafka`. */
  readonly eventLog: (log: EventLog, system: string) => EventLog;
}

export function createRuntimeTracing({
  provider,
  clock = systemClock,
}: RuntimeTracingOptions): RuntimeTracing {
  const spans = new Spans(provider.getTracer('@trolley/runtime'), clock);
  const turns = new OpenTurns(() => spans.now());
  const { interceptor: node, observer } = tracedNode(spans, turns);
  return {
    client: tracedClient(spans),
    node,
    observer,
    store: (type, store, database) => tracedStore({ type, store, database, spans, turns }),
    eventLog: (log, system) => tracedEventLog(spans, log, system),
  };
}
