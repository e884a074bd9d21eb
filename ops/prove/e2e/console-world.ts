import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  ActorError,
  connect,
  defineActor,
  defineContract,
  silentLogger,
  systemClock,
} from '@trolley/runtime';
import { openRedis } from '@trolley/runtime/adapters';
import { createPostgresPool } from '@trolley/runtime/postgres';
import { MemoryStateStore } from '@trolley/runtime/testing';
import { createTestDatabase, createTestRedis } from '@trolley/runtime/testing/suites';
import { trustedProxies } from '../../../gateway/client-address.ts';
import { openHttpServer } from '../../../gateway/http-server.ts';
import { clusterRoutes, clusterTroubles } from '../../console/api/cluster-routes.ts';
import { createPostgresAudit } from '../../console/audit/postgres-audit.ts';
import { createBoard } from '../../console/board/board.ts';
import { createConsole } from '../../console/create-console.ts';
import { runMigrations } from '../../shop/migrations/run-migrations.ts';
import { consoleUsers, passwords } from '../testing/console-accounts.ts';

/** An actor type that the shop does not have: the console works with any. */
export const Parcel = defineContract({
  type: 'parcel',
  key: z.string().min(1).max(100),
  refusals: { delivered: null },
  messages: {
    Move: {
      input: z.object({ to: z.string().min(1), express: z.boolean().optional() }),
      output: z.object({ at: z.string() }),
    },
    Weigh: { input: z.object({ grams: z.int().positive() }) },
    Lose: { input: z.object({ by: z.enum(['carrier', 'sorter']) }) },
  },
});

const parcelActor = (isMended: () => boolean) =>
  defineActor(Parcel, {
    state: z.object({ at: z.string(), grams: z.int() }),
    initial: () => ({ at: 'depot', grams: 0 }),
    onPoison: 'dead-letter',
    effects: {
      Notify: async (_: { to: string }) => {
        throw new ActorError('unavailable', 'the mail server is away');
      },
    },
    receive: {
      Move(turn, { to }) {
        turn.set({ ...turn.state, at: to });
        return { at: to };
      },
      Weigh(turn, { grams }) {
        turn.set({ ...turn.state, grams });
        turn.perform('Notify', { to: 'sender@example.org' }, { id: 'weighed', delayMs: 3_600_000 });
      },
      Lose(turn, { by }) {
        if (!isMended())
          throw new Error(`the ${by} has no such parcel`, { cause: new Error('its label is torn') });
        turn.set({ ...turn.state, at: 'found again' });
      },
    },
    onResult: { Notify: () => undefined },
  });

/** Parks where a parcel would leave a dead letter. */
export const Van = defineContract({
  type: 'van',
  key: z.string().min(1).max(100),
  refusals: {},
  messages: { Drive: { input: z.object({ km: z.int() }) } },
});

const vanActor = (isMended: () => boolean) =>
  defineActor(Van, {
    state: z.object({ km: z.int() }),
    initial: () => ({ km: 0 }),
    onPoison: 'park',
    receive: {
      Drive(turn, { km }) {
        if (!isMended()) throw new Error('the engine does not start');
        turn.set({ km: turn.state.km + km });
      },
    },
  });

const shards = 16;

/** A console of a cluster with a node, on a Redis and a PostgreSQL of its own. Things break in it until they are mended. */
export async function openConsoleWorld() {
  const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
  await runMigrations(database.url);
  const pool = createPostgresPool(database.url, { logger: silentLogger });
  const cluster = await connect({ redis: redis.url, shards, logger: silentLogger });
  let isMended = false;
  const actors = [
    { actor: parcelActor(() => isMended), store: new MemoryStateStore() },
    { actor: vanActor(() => isMended), store: new MemoryStateStore() },
  ];
  await cluster.host(actors);
  const connection = await openRedis(redis.url, { clock: systemClock, logger: silentLogger });
  const board = createBoard({
    redis: connection,
    mailboxes: cluster.mailboxes,
    shards,
    clock: systemClock,
    logger: silentLogger,
  });
  const app = createConsole({
    board,
    users: consoleUsers,
    audit: createPostgresAudit(pool),
    routes: clusterRoutes(cluster),
    troubles: clusterTroubles(cluster, systemClock),
    clock: systemClock,
    logger: silentLogger,
    newId: randomUUID,
    newSecret: randomUUID,
    trustedProxies: trustedProxies([]),
    isSecure: false,
    facts: { version: '0.0.0', mode: 'test' },
  });
  const server = await openHttpServer({
    handle: app.callback(),
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    newId: randomUUID,
    requestTimeoutMs: 30_000,
    shutdownMs: 500,
  });
  return {
    url: server.url,
    passwords,
    cluster,
    pool,
    /** From now on what failed goes well. */
    mend: () => void (isMended = true),
    async close() {
      await server.close();
      board.close();
      connection.disconnect();
      await cluster.close();
      await pool.end();
      await database.drop();
    },
  };
}

export type ConsoleWorld = Awaited<ReturnType<typeof openConsoleWorld>>;
