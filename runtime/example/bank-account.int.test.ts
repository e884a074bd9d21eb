import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createTestRedis } from '../testing/suites/test-servers.ts';
import { runBank } from './run-bank.ts';

describe('the bank on Redis', () => {
  it('transfers money, and refuses what is too much', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bank-'));
    const { url } = await createTestRedis();
    expect(await runBank(url, join(folder, 'bank.db'))).to.deep.equal([
      'ann: -7000 cents',
      'ben: 12000 cents',
      'too much to withdraw: overdrawn by 10000 cents at most',
    ]);
    await rm(folder, { recursive: true });
  });
});
