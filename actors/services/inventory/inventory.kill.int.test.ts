import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { pause, silentLogger, systemClock } from '@trolley/runtime';
import { openSqlite } from '@trolley/runtime/sqlite';
import { InventoryServiceService, ReservationStatus } from '../../../proto/gen/inventory/inventory.ts';
import { openGrpcClient } from '../grpc/grpc.client.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openInventory, reservationIdFor } from './inventory.client.ts';
import { InventoryLedger } from './inventory.ledger.ts';
import { inventoryMigrations, seedStock } from './inventory.schema.ts';
import { openInventoryService } from './inventory.service.ts';
import { InventoryStore } from './inventory.store.ts';

const dayMs = 86_400_000;
const program = fileURLToPath(new URL('../testing/inventory-process.ts', import.meta.url));

describe('the inventory service, killed in the middle of its work', () => {
  const folder = temporaryFolder();
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  async function start(...args: string[]) {
    const started = spawn(
      process.execPath,
      ['--conditions=@trolley/source', '--import', 'tsx', program, folder.path, ...args],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    child = started;
    const exited = once(started, 'exit');
    const [port] = (await once(createInterface(started.stdout), 'line')) as [string];
    return { port, exited, kill: () => void started.kill('SIGKILL') };
  }

  it('has lost nothing that it had said', async () => {
    const { port, exited, kill: killProcess } = await start();
    const inventory = openInventory({ address: `127.0.0.1:${port}`, breakAfterFailures: 1_000_000 });

    const reserved = new Set<string>();
    const confirmed = new Set<string>();
    let killed = false;
    const isKilled = () => killed;
    const kill = () => {
      killed = true;
      killProcess();
    };
    const buyer = async (name: number) => {
      for (let n = 0; !isKilled(); n += 1) {
        const checkoutId = `buyer-${name}-${n}`;
        try {
          const { reservationId } = await inventory.reserve({
            checkoutId,
            items: [{ productId: 1, quantity: 1 }],
          });
          reserved.add(checkoutId);
          await inventory.confirm(reservationId);
          confirmed.add(checkoutId);
          if (confirmed.size === 200) kill();
        } catch (error) {
          if (!isKilled()) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, name) => buyer(name)));
    await exited;
    inventory.close();
    expect(confirmed.size).to.be.at.least(200);

    const options = {
      dataDir: folder.path,
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      clock: systemClock,
    };
    const service = await openInventoryService(options);
    const wire = openGrpcClient(InventoryServiceService, { address: `127.0.0.1:${service.port}` });
    try {
      for (const checkoutId of reserved) {
        const { reservation } = await wire.call('getReservation', {
          reservationId: reservationIdFor(checkoutId),
        });
        const wanted = confirmed.has(checkoutId)
          ? [ReservationStatus.CONFIRMED]
          : [ReservationStatus.CONFIRMED, ReservationStatus.RESERVED];
        expect(wanted, checkoutId).to.include(reservation?.status);
      }
      const { stocks } = await wire.call('getStock', { productIds: [1n], skipUnknown: false });
      const left = (stocks[0]?.available ?? 0) + (stocks[0]?.reserved ?? 0);
      // Each buyer may have had one more confirmed of which it never heard.
      expect(1_000_000 - left).to.be.within(confirmed.size, confirmed.size + 16);
    } finally {
      wire.close();
      await service.close();
    }
  });

  it('has counted each sale that it forgets just once, also when it dies while it forgets some', async () => {
    const [old, recent] = [1_200, 7];
    const now = systemClock.now();
    const database = await openSqlite({
      file: join(folder.path, 'inventory.sqlite'),
      migrations: inventoryMigrations,
      seed: (seeded) => seedStock(seeded, 10_000),
    });
    const retention = { reservationTtlMs: 300_000, retentionMs: 7 * dayMs, soldRetentionMs: 365 * dayMs };
    const ledger = new InventoryLedger(new InventoryStore(database), retention);
    const sell = (name: string, at: number) =>
      ledger.confirm(ledger.reserve(name, [{ productId: 1, quantity: 2 }], at).id, at);
    database.transaction(() => {
      for (let n = 0; n < old; n += 1) sell(`old-${n}`, now - 400 * dayMs + n);
      for (let n = 0; n < recent; n += 1) sell(`recent-${n}`, now);
    })();
    // What lies in the second batch of 500 takes for ever: there the process is killed.
    database.exec(`CREATE TRIGGER slow BEFORE DELETE ON reservations WHEN OLD.checkout_id = 'old-700' BEGIN
      SELECT count(*) FROM (WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n);
    END`);
    const books = () =>
      database
        .prepare(
          `SELECT available, sold, forgotten, (SELECT count(*) FROM reservations) AS remembered,
             (SELECT sum(quantity) FROM reservation_items) AS units FROM stock WHERE product_id = 1`,
        )
        .get() as { remembered: number };
    const sold = { available: 10_000 - 2 * (old + recent), sold: 2 * (old + recent) };
    const until = async (remembered: number) => {
      for (const giveUpAt = systemClock.now() + 15_000; books().remembered > remembered;) {
        expect(systemClock.now(), `until ${remembered} are left: ${JSON.stringify(books())}`).to.be.below(
          giveUpAt,
        );
        await pause(systemClock, 5);
      }
    };

    const first = await start('1');
    await until(old + recent - 500);
    first.kill();
    await first.exited;
    const left = old + recent - 500;
    expect(books()).to.deep.equal({ ...sold, forgotten: 1_000, remembered: left, units: 2 * left });

    database.exec('DROP TRIGGER slow');
    const second = await start('1');
    await until(recent);
    second.kill();
    await second.exited;
    expect(books()).to.deep.equal({ ...sold, forgotten: 2 * old, remembered: recent, units: 2 * recent });
    // What is remembered changes nothing when it comes again.
    expect(sell('recent-0', now)).to.equal('confirmed');
    expect(books()).to.deep.include(sold);
    database.close();
  });
});
