import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { openDataDir, unfinishedRestore } from '../../shop/process/data-dir.ts';
import { createProgress } from '../../shop/process/progress.ts';
import { restoreBackup } from './restore-backup.ts';

describe('restoring a backup', () => {
  let root: string;
  let backup: string;
  let dataDir: string;
  let manifest: Record<string, unknown> & { sqlite: { file: string; sha256: string; bytes: number }[] };

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'trolley restore '));
    [backup, dataDir] = [join(root, 'backup'), join(root, 'data')];
    mkdirSync(backup);
    const path = join(backup, 'product.sqlite');
    const file = new Database(path);
    file.exec(`CREATE TABLE makers (id INTEGER PRIMARY KEY); INSERT INTO makers VALUES (1);
      CREATE TABLE products (maker INTEGER REFERENCES makers (id)); INSERT INTO products VALUES (1), (1)`);
    file.close();
    await manifestOf(path);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function manifestOf(path: string): Promise<void> {
    const bytes = await readFile(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const sqlite = [{ file: 'product.sqlite', schema: 0, bytes: bytes.length, sha256 }];
    write({ format: 1, takenAt: '2026-01-01T00:00:00.000Z', versions: {}, sqlite, elsewhere: [] });
  }
  function write(next: typeof manifest): void {
    manifest = next;
    writeFileSync(join(backup, 'manifest.json'), JSON.stringify(next));
  }
  const restore = (strict = false) =>
    restoreBackup({
      ...{ from: backup, dataDir, strict, sessionRetentionMs: 0 },
      progress: createProgress({ write: () => true }),
    });
  const problem = () =>
    restore().then(
      () => 'none',
      (error: unknown) => String(error),
    );

  const damages: Record<string, { damage: () => unknown; says: RegExp }> = {
    'is not there': { damage: () => (backup = join(root, 'none')), says: /There is no folder .*none\./ },
    'is another folder': {
      damage: () => rmSync(join(backup, 'manifest.json')),
      says: /backup is no backup: it has no manifest\.json\./,
    },
    'has half a manifest': {
      damage: () => truncateSync(join(backup, 'manifest.json'), 20),
      says: /The backup is damaged: .*manifest\.json is no JSON\./,
    },
    'has a manifest of something else': {
      damage: () => write({ ...manifest, takenAt: 'yesterday' }),
      says: /The backup is damaged: .*manifest\.json: takenAt: /,
    },
    'names files elsewhere': {
      damage: () =>
        write({ ...manifest, sqlite: manifest.sqlite.map((each) => ({ ...each, file: '../x' })) }),
      says: /The backup is damaged: .*manifest\.json: sqlite\.0\.file: /,
    },
    'is of a newer program': {
      damage: () => write({ ...manifest, format: 2 }),
      says: /was written by a newer program \(format 2\): use that one\./,
    },
    'lacks a file': {
      damage: () => rmSync(join(backup, 'product.sqlite')),
      says: /The backup is damaged: .*product\.sqlite is missing\./,
    },
    'has half a file': {
      damage: () => truncateSync(join(backup, 'product.sqlite'), 4_096),
      says: /The backup is damaged: .*product\.sqlite is not as it was written\./,
    },
    'has a changed file': {
      damage: () =>
        write({ ...manifest, sqlite: manifest.sqlite.map((each) => ({ ...each, sha256: '0'.repeat(64) })) }),
      says: /The backup is damaged: .*product\.sqlite is not as it was written\./,
    },
    'has a file that never was one': {
      damage: async () => {
        writeFileSync(join(backup, 'product.sqlite'), 'x'.repeat(10_000));
        await manifestOf(join(backup, 'product.sqlite'));
      },
      says: /product\.sqlite can't be used: file is not a database\./,
    },
  };
  for (const [title, { damage, says }] of Object.entries(damages)) {
    it(`that ${title} says so, and restores nothing`, async () => {
      await damage();
      expect(await problem()).to.match(says);
      expect(existsSync(dataDir) ? readdirSync(dataDir) : []).to.deep.equal([]);
    });
  }

  it('is done whatever is found in it, unless it is strict', async () => {
    const file = new Database(join(backup, 'product.sqlite'));
    file.pragma('foreign_keys = OFF');
    file.exec('DELETE FROM makers');
    file.close();
    await manifestOf(join(backup, 'product.sqlite'));
    const refused = await restore(true).then(String, String);
    expect(refused).to.match(/The stores do not agree: 1 finding\. With --strict nothing is restored\./);
    expect(readdirSync(dataDir)).to.deep.equal([]);

    const { findings } = await restore();
    const [files] = findings.byArea;
    expect(files?.faults[0]?.shown).to.deep.equal([
      { fault: 'rows-orphaned', id: 'products in product.sqlite', detail: '2 rows' },
    ]);
    expect(readdirSync(dataDir)).to.deep.equal(['product.sqlite']);
  });

  it('begins anew where one was ended, and nobody else uses the folder before', async () => {
    mkdirSync(join(dataDir, unfinishedRestore), { recursive: true });
    writeFileSync(join(dataDir, unfinishedRestore, 'carts.sqlite'), 'half');
    writeFileSync(join(dataDir, 'payment.sqlite'), 'moved already');
    expect(() => openDataDir(dataDir)).to.throw(/A restore into .*data was not finished/);
    await restore();
    expect(readdirSync(dataDir)).to.deep.equal(['product.sqlite']);
    openDataDir(dataDir).release();
  });

  it('leaves alone what is there', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'carts.sqlite'), 'mine');
    expect(await problem()).to.match(/data is not empty\. Restore into a new DATA_DIR\./);
    expect(readdirSync(dataDir)).to.deep.equal(['carts.sqlite']);
  });
});
