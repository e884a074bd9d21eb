import pg from 'pg';
import { optionsOfParent } from '../../../shop/environment.ts';
import { createTables, emptyCart, putOrder, serve } from './carts-in-postgres.mjs';
import { soldAs } from './peer.mjs';

/* Plain Node: a request is one transaction of PostgreSQL. No saga, no services, no events: the floor. */

process.once('disconnect', () => process.exit(1));
const { postgresUrl, connections } = optionsOfParent();
const pool = new pg.Pool({ connectionString: postgresUrl, max: connections });
await createTables(pool);

async function checkout(checkoutId, userId) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const { total_price } = await emptyCart(client, userId);
    await putOrder(client, checkoutId, userId, total_price);
    await client.query('COMMIT');
    return soldAs(checkoutId, total_price);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

process.send({ url: await serve(pool, checkout) });
