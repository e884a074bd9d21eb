import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { createTestDatabase, createTestRedis, type TestDatabase } from '@trolley/runtime/testing/suites';
import { isAlive, worksOn } from '../../shop/process/process-identity.ts';
import { untilAllEnded } from './invariants.ts';
import { runCommandProcess } from './command-process.ts';
import { eventually } from './eventually.ts';
import { temporaryDataDir } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

/** The ids of all processes that work on a folder. */
function processesOn(folder: string): number[] {
  const all = execFileSync('ps', ['-A', '-o', 'pid='], { encoding: 'utf8' });
  return all
    .trim()
    .split(/\s+/)
    .map(Number)
    .filter((pid) => worksOn(pid, folder));
}

/** What somebody else may read or write. DATA_DIR itself they may pass through, where PostgreSQL runs as another user. */
function openToOthers(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => {
    const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
    return stat !== undefined && (stat.mode & 0o077) !== 0;
  });
}

describe('npm start', function () {
  this.timeout(60_000);
  let dataDir: string;
  before(() => {
    dataDir = temporaryDataDir();
  });
  after(() => rmSync(dataDir, { recursive: true, force: true }));

  const untilGone = (pids: readonly number[]) =>
    eventually(() => !pids.some(isAlive), `the end of the processes ${pids.join(', ')}`);
  /** Everything that belongs to a shop: npm, the shop, its stores. */
  const processesOf = (shop: ShopProcess) => [shop.pid, shop.shopPid, ...shop.servers];

  it('brings its own stores, refuses a second start, ends on one Ctrl-C, and keeps all for the next start', async () => {
    const first = await ShopProcess.startByNpm({ DATA_DIR: dataDir, SEED_STOCK: '50' });
    const pids = processesOf(first);
    const user = await first.client.user(1);
    await user.add(1, 2);
    await user.checkout('k');
    await user.add(2, 3);
    await untilAllEnded(first.stores);
    const seen = async (client = first.client) => {
      const again = await client.user(1);
      return [
        (await again.shop.cart.get()).items,
        (await again.shop.orders.list()).orders,
        (await again.send('GET', '/products')).body,
      ];
    };
    const held = await seen();
    const stock = first.stores.stock();

    const { code: found, lines: told } = await runCommandProcess('trolley', first.environment, 'parked');
    expect([found, told], 'with the password of its Redis').to.deep.equal([0, ['0 parked actors']]);
    expect(openToOthers(dataDir), 'what others may read').to.deep.equal([]);

    const second = await ShopProcess.run({ DATA_DIR: dataDir });
    expect(second.code).to.equal(1);
    expect(second.lines, 'what the second start says').to.have.length(1);
    expect(second.lines[0]).to.include(`already runs on ${dataDir} (pid ${first.shopPid}, http`);
    await user.shop.cart.get();

    first.signal('SIGINT');
    const { code, lines } = await first.ended;
    expect(code, lines.join('\n')).to.equal(0);
    expect(lines.at(-1)).to.equal('Stopped.');
    expect(pids.filter(isAlive), 'processes left behind').to.deep.equal([]);

    const third = await ShopProcess.startByNpm({ DATA_DIR: dataDir });
    const leftToThemselves = processesOf(third);
    try {
      expect(await seen(third.client)).to.deep.equal(held);
      expect(third.stores.stock()).to.deep.equal(stock);
    } finally {
      // npm alone: nobody is left to tell the shop to end.
      await third.kill();
      await untilGone(leftToThemselves);
    }
    expect(third.lines).to.include('Stopped.');
  });

  it('ends all of it on SIGTERM to npm in mid-load, and starts again', async () => {
    const shop = await ShopProcess.startByNpm({ DATA_DIR: dataDir, PAYMENT_DELAY_MS: '300' });
    const pids = processesOf(shop);
    const users = await shop.client.users(100, 5);
    await Promise.all(users.map((user) => user.add(1, 1)));
    const answers = users.map((user) => user.checkout('mid-load').catch(() => undefined));
    await eventually(
      async () => ((await shop.stores.checkoutCounts()).get('PAYMENT_PENDING') ?? 0) > 0,
      'a payment under way',
    );
    shop.signal('SIGTERM');
    const { code, lines } = await shop.ended;
    await Promise.all(answers);
    expect(code, lines.join('\n')).to.equal(0);
    expect(pids.filter(isAlive), 'processes left behind').to.deep.equal([]);
    expect(processesOn(dataDir), 'processes left behind').to.deep.equal([]);
    expect(lines.slice(-2)).to.deep.equal([
      'Stopping on SIGTERM: what has begun is finished first. Ctrl-C again ends it at once.',
      'Stopped.',
    ]);
  });

  it('serves on and ends in order when nobody reads what it says, on SIGHUP to npm', async () => {
    const shop = await ShopProcess.startByNpm({ DATA_DIR: dataDir, LOG_LEVEL: 'info' });
    const pids = processesOf(shop);
    const user = await shop.client.user(9);
    // First somebody who is there but does not read: more than the pipe holds.
    shop.pauseListening();
    for (let count = 0; count < 1_000; count += 1) await user.shop.cart.get();
    shop.stopListening();
    await user.add(1, 1);
    shop.signal('SIGHUP');
    await shop.ended;
    await untilGone(pids);
    expect(processesOn(dataDir), 'processes left behind').to.deep.equal([]);
  });

  if (process.platform === 'linux') {
    it('serves on and ends in order when the disk of its output is full', async () => {
      const shop = await ShopProcess.start({ DATA_DIR: dataDir, LOG_LEVEL: 'info' }, '/dev/full');
      const { servers } = shop;
      const user = await shop.client.user(10);
      await user.add(1, 1);
      shop.signal('SIGTERM');
      expect(await shop.ended).to.include({ code: 0, signal: null });
      expect(servers.filter(isAlive), 'stores left behind').to.deep.equal([]);
    });
  }

  it('ends at once on a second Ctrl-C, and the next start recovers', async () => {
    const shop = await ShopProcess.start({ DATA_DIR: dataDir, PAYMENT_DELAY_MS: '5000' });
    const { servers } = shop;
    const user = await shop.client.user(2);
    await user.add(3, 1);
    const answer = user.checkout('interrupted').catch(() => undefined);
    await eventually(
      async () => (await shop.stores.checkoutCounts()).get('PAYMENT_PENDING') === 1,
      'a payment under way',
    );
    shop.signal('SIGINT');
    await eventually(() => shop.lines.some((line) => line.startsWith('Stopping on SIGINT')), 'the stop');
    // The same signal within half a second counts as the same keystroke; so it is sent until it counts.
    const sending = eventually(() => {
      if (!isAlive(shop.pid)) return true;
      shop.signal('SIGINT');
      return false;
    }, 'the end of the shop');
    const { code } = await shop.ended;
    await sending;
    await answer;
    expect(code).to.equal(130);
    await untilGone(servers);

    const next = await ShopProcess.start({ DATA_DIR: dataDir });
    try {
      expect(next.lines.some((line) => line.includes('The last run was killed'))).to.equal(true);
      await untilAllEnded(next.stores, 30_000);
      expect((await (await next.client.user(2)).checkout('interrupted')).body.status).to.equal('COMPLETED');
    } finally {
      await next.kill();
    }
  });
});

describe('npm start, when something is wrong', function () {
  this.timeout(30_000);
  let dataDir: string;
  let database: TestDatabase;
  let stores: Record<string, string>;
  before(async () => {
    dataDir = temporaryDataDir();
    database = await createTestDatabase();
    stores = { DATA_DIR: dataDir, POSTGRES_URL: database.url, REDIS_URL: (await createTestRedis()).url };
  });
  after(async () => {
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  for (const variable of ['HTTP_PORT', 'INVENTORY_PORT']) {
    it(`says in one line that ${variable} is taken, and by whom`, async () => {
      const holder = createServer();
      await new Promise<void>((resolve) => holder.listen(0, resolve));
      try {
        const { port } = holder.address() as AddressInfo;
        const { code, lines } = await ShopProcess.run({ ...stores, [variable]: String(port) });
        const problems = lines.filter((line) => !line.startsWith('✓'));
        expect(code).to.equal(1);
        expect(problems).to.have.length(1);
        expect(problems[0]).to.include(`Port ${port} (${variable}) is taken by `);
        expect(problems[0]).to.include(`(pid ${process.pid})`);
      } finally {
        holder.close();
      }
    });
  }

  it('says in one line which file is no database, and what to do', async () => {
    const file = join(realpathSync(dataDir), 'inventory.sqlite');
    writeFileSync(file, 'a text, and a long one: '.repeat(100));
    const { code, lines, output } = await ShopProcess.run({ DATA_DIR: dataDir, ROLES: 'inventory' });
    rmSync(file);
    expect(code).to.equal(1);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/can't be used: file is not a database\. .*Put it back from a backup/);
    expect(lines[0]).to.include(file);
    expect(output).to.equal('');
  });

  it('says each wrong setting in a line of its own', async () => {
    const { code, lines, output } = await ShopProcess.run({
      ...stores,
      HTTP_PORT: 'eighty',
      PAYMENT_SUCCESS_RATE: '2',
      ROLES: 'gateway,cashier',
      NODE_ENV: 'production',
      JWT_SECRET: 'too-short',
    });
    expect(code).to.equal(1);
    expect(lines.map((line) => /[A-Z_]{3,}/.exec(line)?.[0]).sort()).to.deep.equal([
      'HTTP_PORT',
      'JWT_SECRET',
      'PAYMENT_SUCCESS_RATE',
      'ROLES',
    ]);
    expect(output + lines.join('\n')).not.to.include('too-short');
    expect(output + lines.join('\n')).not.to.match(/\bat .*:\d+/);
  });

  it('explains itself on --help, and starts nothing', async () => {
    const { code, lines, output } = await ShopProcess.run({}, '--help');
    expect(code).to.equal(0);
    expect(lines).to.deep.equal(['']);
    for (const name of ['HTTP_PORT', 'DATA_DIR', 'REDIS_URL', 'RATE_LIMIT_RPS']) {
      expect(output).to.include(name);
    }
  });

  for (const [what, variable, nowhere] of [
    ['PostgreSQL', 'POSTGRES_URL', 'postgres://trolley:secret-word@127.0.0.1:1/trolley'],
    ['MongoDB', 'MONGODB_URI', 'mongodb://trolley:secret-word@127.0.0.1:1/?serverSelectionTimeoutMS=500'],
  ] as const) {
    it(`says in one line when ${what} cannot be reached`, async () => {
      const { code, lines, output } = await ShopProcess.run({ ...stores, [variable]: nowhere });
      const problems = lines.filter((line) => !line.startsWith('✓'));
      expect(code).to.equal(1);
      expect(problems).to.have.length(1);
      expect(lines.join('\n') + output).not.to.include('secret-word');
    });
  }
});
