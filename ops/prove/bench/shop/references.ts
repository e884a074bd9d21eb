import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { measure, type Timing } from './timing.ts';

/** As many as the shop's own pool may have. */
const connections = 10;

/** What the stores of this machine do at best, at this moment: a PING, and a durable commit of one row. */
export async function measureStores(
  stores: { readonly redisUrl: string; readonly postgresUrl: string },
  callers: number,
  durationMs: number,
): Promise<Timing[]> {
  const redis = new Redis(stores.redisUrl, { enableAutoPipelining: true });
  const pool = new Pool({ connectionString: stores.postgresUrl, max: Math.min(callers, connections) });
  try {
    await pool.query('CREATE TABLE IF NOT EXISTS bench_commits (id BIGSERIAL PRIMARY KEY, note TEXT)');
    const ping = async () => Boolean(await redis.ping());
    const commit = async () =>
      (await pool.query('INSERT INTO bench_commits (note) VALUES ($1)', ['x'])).rowCount === 1;
    return [
      await measure({ name: 'Redis PING', callers, durationMs, act: ping }),
      await measure({ name: 'PostgreSQL commit of one row', callers, durationMs, act: commit }),
    ];
  } finally {
    redis.disconnect();
    await pool.end();
  }
}
