import pg from 'pg';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { optionsOfParent } from '../../../shop/environment.ts';
import { createTables, emptyCart, putOrder, serve } from './carts-in-postgres.mjs';
import { participants, soldAs } from './peer.mjs';

/* A checkout as a workflow of DBOS, whose steps are kept in PostgreSQL; carts are rows beside them. */

process.once('disconnect', () => process.exit(1));
const { postgresUrl, systemUrl, connections, packages } = optionsOfParent();
const { DBOS } = createRequire(join(packages, 'package.json'))('@dbos-inc/dbos-sdk');
const pool = new pg.Pool({ connectionString: postgresUrl, max: connections });
await createTables(pool);

/** A transaction that repeats safely: what it took is kept under the id of the checkout. */
async function takeCart(checkoutId, userId) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { rows } = await client.query('SELECT total FROM taken WHERE checkout_id = $1', [checkoutId]);
    const total = rows[0]?.total ?? (await emptyCart(client, userId)).total_price;
    await client.query('INSERT INTO taken VALUES ($1, $2) ON CONFLICT DO NOTHING', [checkoutId, total]);
    await client.query('COMMIT');
    return total;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
await pool.query('CREATE TABLE taken (checkout_id TEXT PRIMARY KEY, total INT NOT NULL)');

const checkout = DBOS.registerWorkflow(
  async (checkoutId, userId) => {
    const total = await DBOS.runStep(() => takeCart(checkoutId, userId), { name: 'take' });
    for (const [name, act] of Object.entries(participants)) {
      await DBOS.runStep(async () => act(checkoutId), { name });
    }
    await DBOS.runStep(() => putOrder(pool, checkoutId, userId, total), { name: 'order' });
    return soldAs(checkoutId, total);
  },
  { name: 'checkout' },
);

DBOS.setConfig({
  name: 'peer',
  systemDatabaseUrl: systemUrl,
  systemDatabasePoolSize: connections,
  logLevel: 'error',
});
await DBOS.launch();

// Called, not started: the result of a handle is asked of the database again and again.
const call = (checkoutId, userId) => DBOS.withNextWorkflowID(checkoutId, () => checkout(checkoutId, userId));
process.send({ url: await serve(pool, call) });
