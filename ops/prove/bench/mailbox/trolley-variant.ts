import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { silentLogger, systemClock, type StateStore } from '@trolley/runtime';
import { openClusterClient, openClusterNode } from '@trolley/runtime/adapters';
import { createPostgresPool, PostgresStateStore } from '@trolley/runtime/postgres';
import { createTallyActor, FreshStore, KeptStore, Tally, tallyTable } from './bench-actor.ts';
import { input, messageName, type Host, type HostSettings, type Variant } from './variant.ts';

const clusterOptions = (redis: Redis, namespace: string) => ({
  redis,
  namespace,
  clock: systemClock,
  logger: silentLogger,
  newId: randomUUID,
});

export function openTrolley(redis: Redis, namespace: string): Variant {
  const client = openClusterClient(clusterOptions(redis, namespace));
  return {
    async ask(key) {
      await client.refs.ref(Tally, key).ask(messageName, input);
    },
    tell: (key) => client.refs.ref(Tally, key).tell(messageName, input),
    close: () => client.close(),
  };
}

export async function hostTrolley(
  redis: Redis,
  settings: HostSettings,
  onHandled: () => void,
): Promise<Host> {
  const opened = openStore(settings);
  const node = await openClusterNode({
    ...clusterOptions(redis, settings.namespace),
    actors: [{ actor: createTallyActor(onHandled), store: opened.store }],
    random: Math.random,
    leaseMs: settings.leaseMs,
    limits: { idleMs: settings.idleMs },
  });
  return {
    get activations() {
      return node.activations;
    },
    async close() {
      await node.close();
      await opened.close();
    },
  };
}

function openStore({ store }: HostSettings): { readonly store: StateStore; close(): Promise<void> } {
  if (store === 'fresh') return { store: new FreshStore(), close: () => Promise.resolve() };
  if (store === 'kept') return { store: new KeptStore(), close: () => Promise.resolve() };
  const pool = createPostgresPool(store.postgresUrl);
  const states = new PostgresStateStore({ pool, table: tallyTable(store.table) });
  return {
    store: states,
    async close() {
      await states.close();
      await pool.end();
    },
  };
}
