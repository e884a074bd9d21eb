import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import { readManifest } from '../../operate/backup/manifest.ts';
import { unfinishedRestore } from '../../shop/process/data-dir.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { runCommandProcess, spawnCommand, type CommandEnded } from './command-process.ts';
import { breakWhatActorsMend } from './broken-shop.ts';
import { eventually } from './eventually.ts';
import { backendsOf } from './shop-backends.ts';
import { calm, type Environment } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

const shoppers = 20;
const settings: Environment = {
  SEED_STOCK: '100000',
  PAYMENT_DELAY_MS: '100-400',
  PAYMENT_SUCCESS_RATE: '0.8',
  PAYMENT_SEED: '7',
};

describe('backup and restore', function () {
  this.timeout(180_000);
  const root = mkdtempSync(join(tmpdir(), 'trolley-backup-'));
  const place = (name: string) => join(root, name);
  const backup = place('backup');
  const started: ShopProcess[] = [];
  const answered = new Set<string>();
  let inBackup: readonly string[] = [];

  async function start(name: string): Promise<ShopProcess> {
    const shop = await ShopProcess.start({ ...settings, DATA_DIR: place(name) });
    started.push(shop);
    return shop;
  }
  function command(name: string, dataDir: string, ...args: string[]): Promise<CommandEnded> {
    const DATA_DIR = place(dataDir);
    return runCommandProcess(name, { ...calm, ...backendsOf(DATA_DIR), DATA_DIR }, ...args);
  }

  before(async () => {
    const shop = await start('first');
    const buying = keepBuying(shop, answered);
    await eventually(() => answered.size >= shoppers, 'the first checkouts to complete');
    const before = [...answered];
    const taken = await command('backup', 'first', '--to', backup);
    expect(taken.code, taken.lines.join('\n')).to.equal(0);
    // One more than were under way at the moment of the backup: that one it does not know.
    const since = answered.size;
    await eventually(() => answered.size > since + shoppers, 'buying to go on');
    await shop.kill();
    await buying.stop();
    inBackup = before;
  });
  after(async () => {
    await Promise.all(started.map((shop) => shop.kill()));
    rmSync(root, { recursive: true, force: true });
  });

  it('holds all stores of one moment, with their sums', () => {
    const { sqlite, postgres, takenAt } = readManifest(backup);
    const files = sqlite.map(({ file }) => file);
    expect(files).to.include.members(['inventory.sqlite', 'payment.sqlite', 'product.sqlite']);
    const tables = postgres?.tables.map(({ name }) => name);
    expect(tables).to.deep.equal([
      'checkout_sessions',
      'console_audit',
      'orders',
      'outbox_events',
      'saga_machines',
      'schema_migrations',
    ]);
    expect(Date.parse(takenAt)).to.be.lessThan(Date.now());
  });

  it('comes back as a shop: orders are there, what is mended or unfinished ends, the invariants hold', async () => {
    const restored = await command('restore', 'second', '--from', backup);
    expect(restored.code, restored.lines.join('\n')).to.equal(0);
    const rowsOfOrders = readManifest(backup).postgres?.tables.find(({ name }) => name === 'orders')?.rows;

    const broken = await breakWhatActorsMend(place('second'));
    const shop = await start('second');
    const fixed = await command('reconcile', 'second', '--fix');
    expect(fixed.code, fixed.lines.join('\n')).to.equal(0);
    expect(fixed.lines).to.include.members([
      `✓ ${broken.putOff}: wake the checkout (checkout-put-off)`,
      `✓ ${broken.ofNobody}: let go of the lines in the cart (claim-unknown)`,
      `✓ ${broken.completed}: take the lines out of the cart (claim-of-completed)`,
    ]);
    const carts = new Map((await shop.stores.carts()).map((cart) => [cart.userId, cart]));
    expect(carts.get(801)?.items).to.have.length(1);
    expect(carts.get(802)?.items).to.have.length(0);

    const ordersAtStart = await shop.stores.orders();
    expect(ordersAtStart.length).to.be.at.least(rowsOfOrders ?? Infinity);
    await untilAllEnded(shop.stores, 90_000);
    await expectInvariants(shop.stores);
    const checkouts = new Map((await shop.stores.checkouts()).map(({ id, status }) => [id, status]));
    for (const id of inBackup) expect(checkouts.get(id), `checkout ${id}`).to.equal('COMPLETED');

    const [user] = await shop.client.users(900, 1);
    await user?.add(1, 1);
    expect((await user?.checkout('after'))?.body.checkout_id).to.be.a('string');
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
    const agreed = await command('reconcile', 'second');
    expect(agreed.code, agreed.lines.join('\n')).to.equal(0);
  });

  it('does not go over a running shop', async () => {
    const { code, lines } = await command('restore', 'second', '--from', backup);
    expect(code).to.equal(1);
    expect(lines.at(-1)).to.match(/already runs on .*second/);
  });

  it('says that there can be no DATA_DIR at that place', async () => {
    writeFileSync(place('file'), '');
    const impossible = [join(place('file'), 'data'), ...(existsSync('/proc/self') ? ['/proc/nope'] : [])];
    for (const DATA_DIR of impossible) {
      const { code, lines } = await runCommandProcess('restore', { ...calm, DATA_DIR }, '--from', backup);
      expect(code).to.equal(1);
      expect(lines.at(-1)).to.include(`✗ DATA_DIR: ${DATA_DIR} can't be used: `);
    }
  });

  it('does not go over what is there', async () => {
    const { code, lines } = await command('restore', 'first', '--from', backup);
    expect(code).to.equal(1);
    expect(lines.at(-1)).to.match(/first is not empty\. Restore into a new DATA_DIR\./);
  });

  it('takes no backup into a folder that holds something', async () => {
    const { code, lines } = await command('backup', 'first', '--to', backup);
    expect(code).to.equal(1);
    expect(lines.at(-1)).to.match(/backup is not empty/);
  });

  it('is taken of a shop that does not run, too, and says what stores of two moments deny each other', async () => {
    const taken = await command('backup', 'first', '--to', place('later'));
    expect(taken.code, taken.lines.join('\n')).to.equal(0);
    expect(readdirSync(place('first'))).not.to.include('trolley.lock');
    // Newer payments beside older checkouts: what a mixed restore makes.
    mixIn(place('later'), backup, 'payment.sqlite');
    const { code, lines } = await command('restore', 'mixed', '--from', backup);
    expect(code).to.equal(3);
    expect(lines.join('\n')).to.match(
      /✗ payments: .*\n +\d+ charged, and neither a checkout nor an order is known: /,
    );
    expect(lines.at(-1)).to.match(/^✗ The stores do not agree: .* all the same\.$/);
    expect(readdirSync(place('mixed'))).to.include.members(['payment.sqlite', 'postgres']);

    const again = await command('backup', 'mixed', '--to', place('of mixed'));
    expect(again.code).to.equal(3);
    expect(again.lines.at(-1)).to.match(
      /^✗ The stores do not agree: .* The backup is in .*of mixed all the same\.$/,
    );
    expect(readManifest(place('of mixed')).sqlite).to.have.length(readManifest(backup).sqlite.length);
  });

  it('that was killed leaves a folder that nobody starts on, and is done anew by the next', async () => {
    const half = place('half');
    const restoring = spawnCommand('restore', { ...calm, DATA_DIR: half }, '--from', place('later'));
    await eventually(
      () => existsSync(join(half, unfinishedRestore, 'postgres', 'data')),
      'the restore to begin',
    );
    restoring.kill('SIGKILL');
    await once(restoring, 'close');
    for (const refused of [
      await ShopProcess.run({ ...settings, DATA_DIR: half }),
      await command('reconcile', 'half'),
    ]) {
      expect(refused.code).to.equal(1);
      expect(refused.lines.at(-1)).to.match(/A restore into .*half was not finished/);
    }
    const restored = await command('restore', 'half', '--from', place('later'));
    expect(restored.code, restored.lines.join('\n')).to.equal(0);
    expect(restored.lines.join('\n')).to.match(/! An earlier restore was not finished: beginning anew\./);
    expect(readdirSync(half)).not.to.include(unfinishedRestore);
  });

  it('is refused when a file of it is not as it was written', async () => {
    const path = join(backup, 'inventory.sqlite');
    const database = new Database(path);
    database.exec('UPDATE stock SET available = available + 1, stocked = stocked + 1');
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
    const { code, lines } = await command('restore', 'third', '--from', backup);
    expect(code).to.equal(1);
    expect(lines.at(-1)).to.match(/inventory\.sqlite is not as it was written/);
  });

  it('says what is missing on the command line', async () => {
    for (const [args, sentence] of [
      [[], /Say where to: npm run backup/],
      [['--into', 'x'], /Unknown option '--into'/],
    ] as const) {
      const { code, lines } = await command('backup', 'first', ...args);
      expect(code).to.equal(2);
      expect(lines.join('\n')).to.match(sentence);
    }
    expect((await command('restore', 'third', '--help')).output).to.match(/^npm run restore -- --from DIR /);
  });
});

/** Users who buy one cart after the other, until they are stopped or the shop is gone. */
function keepBuying(shop: ShopProcess, completed: Set<string>) {
  let stopped = false;
  const buy = async (userId: number) => {
    const user = await shop.client.user(userId);
    for (let round = 0; !stopped; round++) {
      try {
        await user.add((round % 5) + 1, 1);
        const { body } = await user.checkout(`k${round}`);
        if (body.status === 'COMPLETED') completed.add(body.checkout_id);
      } catch {
        return;
      }
    }
  };
  const all = Array.from({ length: shoppers }, (_, index) => buy(index + 1));
  return {
    async stop(): Promise<void> {
      stopped = true;
      await Promise.all(all);
    },
  };
}

/** Puts a file of one backup into another, as if it belonged there. */
function mixIn(from: string, to: string, file: string): void {
  writeFileSync(join(to, file), readFileSync(join(from, file)));
  const [given, kept] = [readManifest(from), readManifest(to)];
  const sqlite = kept.sqlite.map(
    (each) => given.sqlite.find((other) => other.file === file && each.file === file) ?? each,
  );
  writeFileSync(join(to, 'manifest.json'), JSON.stringify({ ...kept, sqlite }));
}
