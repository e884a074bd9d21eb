import { createLogger } from '@trolley/runtime';
import { openClusterClient, openClusterNode } from '@trolley/runtime/adapters';
import { createPostgresPool, PostgresStateStore } from '@trolley/runtime/postgres';
import { optionsOfParent } from '../../shop/environment.ts';
import { clusterOptions, connectRedis } from './cluster-connection.ts';
import type { NodeOptions, NodeSays } from './cluster-messages.ts';
import { createLedgerActor } from './ledger.ts';
import { ledgerTable } from './ledger-table.ts';

/* A node process of the cluster scenario: hosts ledgers until it is told to drain, or worse. */

const options = optionsOfParent() as NodeOptions;
const say = (message: NodeSays) => void process.send?.(message);
// Nobody is left to stop this process.
process.on('disconnect', () => process.exit(1));

const logger = createLogger('info');
const redis = await connectRedis(options.redisUrl);
const pool = createPostgresPool(options.postgresUrl, { max: 4, logger });
const store = new PostgresStateStore({ pool, table: ledgerTable });

const cluster = clusterOptions(redis, options.shards, logger);
// As in the shop: what one of its ledgers asks another one of them stays in this process.
const client = openClusterClient(cluster);
const opening = openClusterNode({
  ...cluster,
  refs: client.refs,
  nearAsksAfterMs: 0,
  actors: [{ actor: createLedgerActor(options.label), store }],
  random: Math.random,
  leaseMs: options.leaseMs,
});
process.once('SIGTERM', () => void drain());
const node = await opening;
say({ kind: 'ready' });
setInterval(() => say({ kind: 'status', shards: node.shards, activations: node.activations }), 250);

async function drain(): Promise<void> {
  await (await opening).close();
  await client.close();
  await store.close();
  redis.disconnect();
  await pool.end();
  process.exit(0);
}
