import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { isAlive } from '../../shop/process/process-identity.ts';
import { expectInvariants, untilAllEnded } from './invariants.ts';
import { eventually } from './eventually.ts';
import { temporaryDataDir } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

/** The processes that a process has started, Redis and PostgreSQL left out. */
function gatewaysOf(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([, parent, program]) => Number(parent) === pid && program === 'trolley')
    .map(([id]) => Number(id));
}

describe('a shop with gateways in processes of their own', function () {
  this.timeout(120_000);
  let dataDir: string;
  let shop: ShopProcess;
  before(async () => {
    dataDir = temporaryDataDir();
    shop = await start();
  });
  after(async () => {
    await shop.kill();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const start = (environment = {}) =>
    ShopProcess.start({
      DATA_DIR: dataDir,
      GATEWAY_PROCESSES: '2',
      SEED_STOCK: '1000',
      LOG_LEVEL: 'info',
      ...environment,
    });
  const untilWhole = (besides: readonly number[]) =>
    eventually(() => {
      const gateways = gatewaysOf(shop.pid).filter((pid) => !besides.includes(pid));
      return gateways.length === 2;
    }, 'two gateways');

  it('is ready as a whole, and writes one log', async () => {
    expect(gatewaysOf(shop.pid)).to.have.length(2);
    const ready = await fetch(`${shop.client.url}/health/ready`);
    const { dependencies } = (await ready.json()) as { dependencies: Record<string, string> };
    expect(ready.status).to.equal(200);
    const names = ['process', 'redis', 'postgres', 'nodes', 'carts', 'product', 'inventory', 'payment'];
    expect(dependencies).to.have.all.keys(names);
    const users = await shop.client.users(1, 8);
    await Promise.all(users.map((user) => user.add(1, 1)));
    const seen = new Set<unknown>();
    await eventually(() => {
      for (const line of shop.log) seen.add((JSON.parse(line) as { role: string }).role);
      return seen.has('gateway') && shop.log.filter((line) => line.includes('/cart/items')).length === 8;
    }, 'the request lines of both in one log');
  });

  it('tells the figures of all its processes, whichever of them is asked', async () => {
    const processesWith = (text: string, series: string) =>
      new Set(
        [...text.matchAll(new RegExp(`^${series}\\{.*process="([^"]+)"`, 'gm'))].map(([, name]) => name),
      );
    await eventually(async () => {
      const answer = await fetch(`${shop.client.url}/metrics`);
      const text = await answer.text();
      const started = processesWith(text, 'process_start_time_seconds');
      const turns = processesWith(text, 'trolley_turn_duration_seconds_count');
      return started.size === 3 && turns.has('main') && !turns.has('gateway-1');
    }, 'the figures of three processes');
  });

  it('loses nothing when its gateways are killed under way, and starts others in their place', async () => {
    const users = await shop.client.users(100, 8);
    const killed: number[] = [];
    let over = false;
    /** As a client does: what was not answered is asked again under the same key. */
    const insist = async <A>(ask: () => Promise<A>): Promise<A> => {
      for (;;) {
        try {
          return await ask();
        } catch {
          await delay(20);
        }
      }
    };
    const bought = Promise.all(
      users.map(async (user) => {
        let orders = 0;
        while (!over) {
          const key = `${user.id}-${orders}`;
          await insist(() => user.add(2, 1));
          const { status } = await insist(() => user.checkout(key));
          expect(status).to.be.oneOf([200, 201, 202]);
          orders += 1;
        }
        return orders;
      }),
    );
    for (let round = 0; round < 3; round++) {
      const gateways = gatewaysOf(shop.pid);
      // The last time both at once.
      for (const pid of round === 2 ? gateways : gateways.slice(0, 1)) {
        process.kill(pid, 'SIGKILL');
        killed.push(pid);
      }
      await untilWhole(killed);
    }
    over = true;
    const orders = (await bought).reduce((sum, each) => sum + each, 0);
    expect(orders).to.be.greaterThan(0);
    await untilAllEnded(shop.stores);
    await expectInvariants(shop.stores);
    expect(await shop.stores.orders()).to.have.length(orders);
    const told = shop.log.filter((line) => line.includes('a gateway process has ended'));
    expect(told).to.have.length(killed.length);
  });

  it('ends as a whole with its first process, also by kill -9, and starts again', async () => {
    const gateways = gatewaysOf(shop.pid);
    await shop.kill();
    await eventually(() => !gateways.some(isAlive), 'the end of the gateways');
    shop = await start();
    const again = gatewaysOf(shop.pid);
    expect(again).to.have.length(2);
    shop.signal('SIGTERM');
    const { code, lines } = await shop.ended;
    expect([code, lines.at(-1)]).to.deep.equal([0, 'Stopped.']);
    expect(again.filter(isAlive)).to.deep.equal([]);
    shop = await start();
  });

  it('says in one line why no gateway can listen', async () => {
    const taken = new URL(shop.client.url).port;
    const other = temporaryDataDir();
    try {
      const { code, lines } = await ShopProcess.run({
        DATA_DIR: other,
        GATEWAY_PROCESSES: '2',
        HTTP_PORT: taken,
      });
      expect(code).to.equal(1);
      expect(lines.filter((line) => line.startsWith('✗'))).to.have.length(1);
      expect(lines.at(-1)).to.match(new RegExp(`Port ${taken} \\(HTTP_PORT\\) is taken by `));
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });
});
