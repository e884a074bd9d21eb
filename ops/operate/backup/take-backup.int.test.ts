import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { createProgress } from '../../shop/process/progress.ts';
import { unknownGaps } from '../reconcile/event-gap.ts';
import { readManifest, verifyFiles } from './manifest.ts';
import { takeBackup } from './take-backup.ts';

describe('a backup beside servers of their own', () => {
  let database: TestDatabase;
  let root: string;

  before(async () => {
    database = await createTestDatabase();
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'trolley-backup-'));
    mkdirSync(join(root, 'data'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  after(() => database.drop());

  const take = (from = 'data') =>
    takeBackup({
      dataDir: join(root, from),
      postgresUrl: database.url,
      mongo: true,
      to: join(root, 'backup'),
      surroundings: {
        sessionRetentionMs: 0,
        gaps: () => Promise.resolve(unknownGaps),
        carts: () => undefined,
      },
      now: () => 0,
      progress: createProgress({ write: () => true }),
    });

  it('has the files, and says where its moment lies in the log of PostgreSQL', async () => {
    const file = new Database(join(root, 'data', 'inventory.sqlite'));
    file.exec('CREATE TABLE stock (units INTEGER); INSERT INTO stock VALUES (7); PRAGMA user_version = 3');
    file.close();
    await take();
    const manifest = readManifest(join(root, 'backup'));
    expect(manifest.takenAt).to.equal('1970-01-01T00:00:00.000Z');
    expect(manifest.postgres).to.equal(undefined);
    expect(manifest.sqlite).to.have.length(1);
    expect(manifest.sqlite[0]).to.include({ file: 'inventory.sqlite', schema: 3 });
    expect(manifest.elsewhere[0]).to.deep.equal({ store: 'MongoDB' });
    expect(manifest.elsewhere[1]?.position).to.match(/^[0-9A-F]+\/[0-9A-F]+$/);
    await verifyFiles(join(root, 'backup'), manifest);
  });

  for (const [what, from, sentence] of [
    ['is no folder', 'nowhere', /There is no DATA_DIR/],
    ['has no files', 'data', /holds nothing to back up/],
  ] as const) {
    it(`leaves nothing behind when DATA_DIR ${what}`, async () => {
      expect(await take(from).then(String, String)).to.match(sentence);
      expect(existsSync(join(root, 'backup'))).to.equal(false);
      expect(readdirSync(root)).to.deep.equal(['data']);
    });
  }
});
