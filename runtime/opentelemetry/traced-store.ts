import { SpanKind } from '@opentelemetry/api';
import type { StateStore } from '../storage/state-store.ts';
import type { OpenTurns } from './open-turns.ts';
import { traceOf } from './span-trace.ts';
import { failed, type Spans } from './spans.ts';

/** What a store lies in, by the semantic conventions of databases. */
export interface TracedDatabase {
  /** `db.system.name`: `postgresql`, `sqlite`, `mongodb`. */
  readonly system: string;
  /** `db.collection.name`: its table or collection. */
  readonly collection: string;
}

interface TracedStoreOptions {
  readonly type: string;
  readonly store: StateStore;
  readonly database: TracedDatabase;
  readonly spans: Spans;
  readonly turns: OpenTurns;
}

/** The same store; its loads and writes are spans of the messages whose turn they are made in. */
export function tracedStore({ type, store, database, spans, turns }: TracedStoreOptions): StateStore {
  const { system, collection } = database;
  const attributesOf = (operation: 'load' | 'write') => ({
    'db.system.name': system,
    'db.collection.name': collection,
    'db.operation.name': operation,
  });
  const loading = attributesOf('load');
  const writing = attributesOf('write');
  return {
    async load(key) {
      const turn = turns.of({ type, key });
      const startedAt = spans.now();
      try {
        return await store.load(key);
      } finally {
        turn.load = { name: `load ${collection}`, attributes: loading, startedAt, endedAt: spans.now() };
      }
    },
    async write(write) {
      const options = { kind: SpanKind.CLIENT, attributes: writing, startedAt: spans.now() };
      const writes = turns
        .recorded({ type, key: write.key })
        .map((span) => spans.begin(`write ${collection}`, traceOf(span), options));
      try {
        const isWritten = await store.write(write);
        if (!isWritten) for (const span of writes) span.setAttribute('error.type', 'stale');
        return isWritten;
      } catch (error) {
        for (const span of writes) failed(span, error);
        throw error;
      } finally {
        for (const span of writes) spans.end(span);
      }
    },
    unfinished: (dueBefore, limit, writtenAfter) => store.unfinished(dueBefore, limit, writtenAfter),
  };
}
