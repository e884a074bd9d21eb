import { expect } from 'chai';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { createTestDatabase, createTestRedis } from './test-servers.ts';

describe('test servers', () => {
  it('two suites do not see each other’s Redis keys', async () => {
    const [one, other] = await Promise.all([createTestRedis(), createTestRedis()]);
    const [client, stranger] = [new Redis(one.url), new Redis(other.url)];
    try {
      await client.set('mine', '1');
      expect(await stranger.exists('mine')).to.equal(0);
      await other.flush();
      expect(await client.exists('mine')).to.equal(1);
      await one.flush();
      expect(await client.exists('mine')).to.equal(0);
    } finally {
      client.disconnect();
      stranger.disconnect();
    }
  });

  it('a database has every migration applied, and is gone after its drop', async () => {
    const database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query<{ present: boolean }>(
      `SELECT to_regclass('outbox_events') IS NOT NULL AS present`,
    );
    await client.end();
    expect(rows[0]?.present).to.equal(true);
    await database.drop();
    const late = new Client({ connectionString: database.url });
    const refusal = await late.connect().catch((error: unknown) => error as { code: string });
    expect(refusal).to.include({ code: '3D000' });
    await late.end();
  });
});
