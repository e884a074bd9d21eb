import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { reachPostgres } from './running-postgres.ts';

describe('the PostgreSQL under DATA_DIR', () => {
  const folder = mkdtempSync(join(tmpdir(), 'trolley-reach-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is not said to be starting where DATA_DIR can not be used', async () => {
    mkdirSync(join(folder, 'postgres', 'data'), { recursive: true });
    mkdirSync(join(folder, 'trolley.lock'));
    const found = await reachPostgres(folder, undefined).then(() => 'reached', String);
    expect(found).to.match(/DATA_DIR: .* can't be used: it is a folder/);
  });

  it('is looked for in no folder that is not there, whatever POSTGRES_URL says', async () => {
    const found = await reachPostgres(join(folder, 'nowhere'), 'postgres://127.0.0.1:1/db').then(
      () => 'reached',
      String,
    );
    expect(found).to.match(/There is no DATA_DIR .*nowhere\./);
  });
});
