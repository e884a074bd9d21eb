import {
  type ActorRecord,
  defineActor,
  defineContract,
  type StateStore,
  type StateWrite,
  type StoredActor,
} from '@trolley/runtime';
import { versionOf } from '@trolley/runtime/adapters';
import type { PostgresTable } from '@trolley/runtime/postgres';
import { z } from 'zod';

const Item = z.object({ productId: z.string(), quantity: z.int(), priceCents: z.int() });
const State = z.object({ total: z.int(), items: z.array(Item) });

export const Tally = defineContract({
  type: 'tally',
  key: z.string().min(1),
  messages: {
    Add: {
      input: z.object({ by: z.int(), note: z.string().max(100) }),
      output: z.object({ total: z.int() }),
    },
  },
});

export const createTallyActor = (onHandled: () => void) =>
  defineActor(Tally, {
    state: State,
    initial: () => ({ total: 0, items: [] }),
    receive: {
      Add(turn, { by }) {
        onHandled();
        const total = turn.state.total + by;
        turn.set({ ...turn.state, total });
        return { total };
      },
    },
  });

/** Costs next to nothing, so that what is measured is the mailbox. Records are never changed in place. */
export class KeptStore implements StateStore {
  readonly #actors = new Map<string, StoredActor>();

  load(key: string): Promise<StoredActor | undefined> {
    return Promise.resolve(this.#actors.get(key));
  }

  write(write: StateWrite): Promise<boolean> {
    const { key, expectedVersion, record } = write;
    if ((this.#actors.get(key)?.version ?? 0) !== expectedVersion) return Promise.resolve(false);
    this.#actors.set(key, { record, version: versionOf(write) });
    return Promise.resolve(true);
  }

  unfinished(): Promise<string[]> {
    return Promise.resolve([]);
  }
}

/** For actors that move from one process to another. */
export const tallyTable = (table: string): PostgresTable<z.infer<typeof State>> => ({
  table,
  keyColumn: 'id',
  keyType: 'text',
  columns: [
    { name: 'total', type: 'integer' },
    { name: 'items', type: 'jsonb' },
  ],
  toRow: (_key, { total, items }) => ({ total, items }),
  fromRow: (row) => State.parse({ total: row['total'], items: row['items'] }),
});

export const createTallyTable = (table: string) => `
  CREATE TABLE ${table} (id TEXT PRIMARY KEY, total INTEGER NOT NULL, items JSONB NOT NULL, version BIGINT NOT NULL,
    runtime JSONB NOT NULL, archive JSONB, created_at TIMESTAMPTZ NOT NULL, updated_at TIMESTAMPTZ NOT NULL);
  CREATE INDEX ${table}_due ON ${table} (((runtime #>> '{effects,0,notBefore}')::bigint))
    WHERE runtime -> 'effects' <> '[]'::jsonb;`;

/** A state whose JSON is 1 KB: a cart with what people have in carts. */
const kilobyte = JSON.stringify({
  total: 0,
  items: Array.from({ length: 17 }, (_, i) => ({
    productId: `product-${100 + i}`,
    quantity: 1 + i,
    priceCents: 1999 + i,
  })),
});
export const stateBytes = Buffer.byteLength(kilobyte);

/** Keeps nothing: each activation's state is its own, read as from a store. */
export class FreshStore implements StateStore {
  load(): Promise<StoredActor> {
    const record: ActorRecord = { state: JSON.parse(kilobyte), applied: [], effects: [], waiting: [] };
    return Promise.resolve({ record, version: 1 });
  }

  write(): Promise<boolean> {
    return Promise.resolve(true);
  }

  unfinished(): Promise<string[]> {
    return Promise.resolve([]);
  }
}
