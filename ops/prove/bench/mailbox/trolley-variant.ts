import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { silentLogger, systemClock } from '@trolley/runtime';
import { openClusterClient, openClusterNode } from '@trolley/runtime/adapters';
import { createTallyActor, FreshStore, KeptStore, Tally } from './bench-actor.ts';
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

export function hostTrolley(redis: Redis, settings: HostSettings, onHandled: () => void): Promise<Host> {
  return openClusterNode({
    ...clusterOptions(redis, settings.namespace),
    actors: [
      {
        actor: createTallyActor(onHandled),
        store: settings.store === 'fresh' ? new FreshStore() : new KeptStore(),
      },
    ],
    random: Math.random,
    leaseMs: settings.leaseMs,
    limits: { idleMs: settings.idleMs },
  });
}
