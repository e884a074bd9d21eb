import { expect } from 'chai';
import { codeOf, silentLogger } from '@trolley/runtime';
import { openSqlite, type SqliteDatabase } from '@trolley/runtime/sqlite';
import { InventoryServiceService, ReservationStatus } from '../../../proto/gen/inventory/inventory.ts';
import { openGrpcClient, type GrpcClient } from '../grpc/grpc.client.ts';
import { shortagesOf } from '../../values/shortage.contract.ts';
import type { RunningService } from '../grpc-sqlite-service.ts';
import { failureOf, refusalOf } from '../testing/failure-of.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openInventory, reservationIdFor } from './inventory.client.ts';
import { inventoryMigrations } from './inventory.schema.ts';
import { openInventoryService, type InventoryServiceOptions } from './inventory.service.ts';

const dayMs = 24 * 60 * 60 * 1000;

describe('the inventory service', () => {
  const folder = temporaryFolder();
  let clock: ManualClock;
  let service: RunningService;
  let inventory: ReturnType<typeof openInventory>;
  let wire: GrpcClient<typeof InventoryServiceService>;

  async function open(options: Partial<InventoryServiceOptions> = {}): Promise<void> {
    service = await openInventoryService({
      dataDir: folder.path,
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      clock,
      ...options,
    });
    const address = `127.0.0.1:${service.port}`;
    inventory = openInventory({ address });
    wire = openGrpcClient(InventoryServiceService, { address });
  }
  async function close(): Promise<void> {
    inventory.close();
    wire.close();
    await service.close();
  }
  beforeEach(async () => {
    clock = new ManualClock();
    await open();
  });
  afterEach(close);

  const laptop = { productId: 1, quantity: 2 };
  const mouse = { productId: 2, quantity: 1 };
  const checkoutId = 'c-1';
  const id = reservationIdFor(checkoutId);
  const reserve = (items = [laptop, mouse], checkout = checkoutId) =>
    inventory.reserve({ checkoutId: checkout, items });
  const stockOf = async (productId: number) => {
    const [stock] = await inventory.getStock([productId]);
    return [stock?.available, stock?.reserved];
  };
  const statusOf = async (reservationId: string) =>
    (await wire.call('getReservation', { reservationId })).reservation?.status;
  const isKnown = (reservationId: string) =>
    statusOf(reservationId).then(
      () => true,
      (error: unknown) => codeOf(error) !== 'not_found',
    );
  /** Lets the sweep's round run, which a change of the clock has started. */
  const swept = async (wanted: ReservationStatus) => {
    while ((await statusOf(id)) !== wanted);
  };

  it('starts with the stock of the contract, or the same number of each', async () => {
    const stocks = await inventory.getStock([1, 2, 3, 4, 5]);
    expect(stocks.map((stock) => stock.available)).to.deep.equal([100, 500, 300, 150, 200]);
    await close();
    await open({ seedStock: 7 });
    expect(await stockOf(1), 'an old folder keeps its stock').to.deep.equal([100, 0]);
    await close();
    await open({ dataDir: `${folder.path}/new`, seedStock: 7 });
    expect((await inventory.getStock([5, 1])).map((stock) => stock.available)).to.deep.equal([7, 7]);
  });

  it('tells the stock of any number of products, leaving out what it does not know', async () => {
    const stocks = await inventory.getStock(Array.from({ length: 2_500 }, (_, n) => 2_500 - n));
    expect(stocks.map(({ productId }) => productId)).to.deep.equal([5, 4, 3, 2, 1]);
    expect(await inventory.getStock([])).to.deep.equal([]);
  });

  it('reserves, and answers the same again', async () => {
    const first = await reserve();
    expect(first).to.deep.equal({ reservationId: id, expiresAt: '2026-01-01T00:05:00.000Z' });
    clock.advance(1000);
    expect(await reserve()).to.deep.equal(first);
    expect(await reserve([mouse, laptop]), 'the order of the lines is nothing').to.deep.equal(first);
    expect(await stockOf(1)).to.deep.equal([98, 2]);
    expect(await refusalOf(reserve([laptop]))).to.equal('conflict');
    expect(await stockOf(2)).to.deep.equal([499, 1]);
  });

  describe('while an operator holds the file', () => {
    let operator: SqliteDatabase;
    beforeEach(async () => {
      operator = await openSqlite({
        file: `${folder.path}/inventory.sqlite`,
        migrations: inventoryMigrations,
      });
      operator.exec('BEGIN IMMEDIATE');
    });
    afterEach(() => operator.close());

    /** Reserves, and comes back when the service waits for the file; others are answered all the while. */
    async function waiting(): Promise<{ readonly reserving: Promise<string> }> {
      const timers = clock.waiting;
      const reserving = reserve().then(() => 'reserved', codeOf);
      while (clock.waiting === timers) expect(await stockOf(1)).to.deep.equal([100, 0]);
      return { reserving };
    }

    it('answers everybody else, and reserves once it is free', async () => {
      const { reserving } = await waiting();
      operator.exec('ROLLBACK');
      clock.advance(100);
      expect(await reserving).to.equal('reserved');
      expect(await stockOf(1)).to.deep.equal([98, 2]);
    });

    it('is unavailable after two seconds, with nothing changed', async () => {
      const { reserving } = await waiting();
      clock.advance(2_100);
      expect(await reserving).to.equal('unavailable');
      operator.exec('ROLLBACK');
      await reserve([mouse]);
      expect(await stockOf(1)).to.deep.equal([100, 0]);
    });
  });

  it('adds up lines of the same product', async () => {
    await reserve([laptop, laptop]);
    expect(await stockOf(1)).to.deep.equal([96, 4]);
    await reserve([{ productId: 1, quantity: 4 }]);
    expect(await stockOf(1)).to.deep.equal([96, 4]);
  });

  it('sets a stock that comes again under its key once', async () => {
    const set = (available: number) => inventory.setStock(4, available, { idempotencyKey: 'k' });
    const first = await set(7);
    await reserve([{ productId: 4, quantity: 2 }]);
    expect(await set(7)).to.deep.equal(first);
    expect(await stockOf(4)).to.deep.equal([5, 2]);
    expect(await refusalOf(set(8))).to.equal('idempotency_key_reused');
  });

  it('reserves all or nothing', async () => {
    const error = await failureOf(reserve([mouse, { productId: 4, quantity: 151 }]));
    expect(error.code).to.equal('insufficient_stock');
    expect(error.details).to.include({ productId: 4, requested: 151, available: 150 });
    expect(shortagesOf(error)).to.deep.equal([{ productId: 4, requested: 151, available: 150 }]);
    const two = await failureOf(
      reserve([{ productId: 4, quantity: 151 }, laptop, { productId: 2, quantity: 501 }]),
    );
    expect(shortagesOf(two)?.map(({ productId }) => productId)).to.deep.equal([2, 4]);
    const unknown = await failureOf(reserve([mouse, { productId: 99, quantity: 3 }]));
    expect(shortagesOf(unknown)).to.deep.equal([{ productId: 99, requested: 3, available: 0 }]);
    expect(await refusalOf(reserve([mouse, { productId: 99, quantity: 1 }]))).to.equal('not_found');
    expect(await stockOf(2)).to.deep.equal([500, 0]);
    await reserve([mouse]);
  });

  it('sells to exactly zero, however many want to buy at once', async () => {
    const wanted = Array.from({ length: 130 }, (_, n) =>
      reserve([{ productId: 1, quantity: 1 }], `buyer-${n}`),
    );
    const outcomes = await Promise.allSettled(wanted);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).to.have.length(100);
    expect(await stockOf(1)).to.deep.equal([0, 100]);
  });

  it('counts twenty Reserves of one checkout at once as one', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => reserve()));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).to.equal(1);
    expect(await stockOf(1)).to.deep.equal([98, 2]);
  });

  it('confirms once, and can then only be restocked, once', async () => {
    await reserve();
    await inventory.confirm(id);
    await inventory.confirm(id);
    expect(await stockOf(1)).to.deep.equal([98, 0]);
    expect(await refusalOf(inventory.release(id))).to.equal('conflict');
    clock.advance(dayMs);
    await reserve();
    expect(await stockOf(1), 'a Reserve repeated late').to.deep.equal([98, 0]);
    await inventory.restock(id);
    await inventory.restock(id);
    expect(await stockOf(1)).to.deep.equal([100, 0]);
    for (const late of [reserve(), inventory.confirm(id), inventory.release(id)]) {
      expect(await refusalOf(late)).to.equal('conflict');
    }
  });

  it('releases once, and refuses what comes late', async () => {
    await reserve();
    await inventory.release(id);
    await inventory.release(id);
    expect(await stockOf(1)).to.deep.equal([100, 0]);
    for (const late of [reserve(), inventory.confirm(id), inventory.restock(id)]) {
      expect((await failureOf(late)).details).to.deep.equal({ status: 'released' });
    }
  });

  it('remembers the Release of what was not reserved yet, also after a restart', async () => {
    expect(await refusalOf(wire.call('release', { reservationId: id.toUpperCase() }))).to.equal('not_found');
    expect(await refusalOf(wire.call('release', { reservationId: id }))).to.equal('not_found');
    await inventory.release(id);
    await close();
    await open();
    expect(await refusalOf(reserve())).to.equal('conflict');
    expect(await refusalOf(inventory.confirm(id))).to.equal('conflict');
    expect(await statusOf(id)).to.equal(ReservationStatus.TOMBSTONE);
    expect(await stockOf(1)).to.deep.equal([100, 0]);
  });

  it('does not know what there never was', async () => {
    expect(await refusalOf(inventory.confirm(id))).to.equal('not_found');
    expect(await refusalOf(inventory.restock(id))).to.equal('not_found');
    expect(await refusalOf(wire.call('getReservation', { reservationId: id }))).to.equal('not_found');
    const asked = { productIds: [1n, 99n], skipUnknown: false };
    expect(await refusalOf(wire.call('getStock', asked))).to.equal('not_found');
    const known = [{ productId: 1n, available: 100, reserved: 0 }];
    expect(await wire.call('getStock', { ...asked, skipUnknown: true })).to.deep.equal({ stocks: known });
  });

  describe('when the time of a reservation is up', () => {
    beforeEach(async () => {
      await reserve();
      // Up to the last millisecond it can be confirmed; and no sweep has come by at this one.
      clock.advance(299_999);
    });

    it('gives the stock back by itself', async () => {
      clock.advance(30_001);
      await swept(ReservationStatus.EXPIRED);
      expect(await stockOf(1)).to.deep.equal([100, 0]);
    });

    it('refuses a Confirm though no sweep has come by, and gives the stock back', async () => {
      await close();
      await open();
      clock.advance(1);
      const error = await failureOf(inventory.confirm(id));
      expect([error.code, error.details]).to.deep.equal(['conflict', { status: 'expired' }]);
      expect(await stockOf(1)).to.deep.equal([100, 0]);
    });

    it('reserves anew for the same checkout, also other items', async () => {
      clock.advance(1);
      const { expiresAt } = await reserve([laptop]);
      expect(expiresAt).to.equal('2026-01-01T00:10:00.000Z');
      expect(await stockOf(1)).to.deep.equal([98, 2]);
      expect(await stockOf(2)).to.deep.equal([500, 0]);
      await inventory.confirm(id);
    });

    it('sells it to another who needs it', async () => {
      clock.advance(1);
      await reserve([{ productId: 1, quantity: 100 }], 'c-2');
      expect(await stockOf(1)).to.deep.equal([0, 100]);
      expect(await refusalOf(reserve())).to.equal('insufficient_stock');
    });

    it('refuses a late Reserve once it is released', async () => {
      clock.advance(1);
      expect((await failureOf(inventory.confirm(id))).code).to.equal('conflict');
      await inventory.release(id);
      expect(await refusalOf(reserve())).to.equal('conflict');
      expect(await stockOf(1)).to.deep.equal([100, 0]);
    });
  });

  it('forgets what is finished after its retention, what was sold later', async () => {
    await close();
    await open({ retentionMs: dayMs, soldRetentionMs: 2 * dayMs });
    await reserve();
    await inventory.confirm(id);
    const other = reservationIdFor('c-2');
    await inventory.release(other);
    clock.advance(dayMs + 30_001);
    while (await isKnown(other));
    expect(await statusOf(id)).to.equal(ReservationStatus.CONFIRMED);
    await reserve([mouse], 'c-2');
  });

  it('sets what is available, of new products too', async () => {
    await reserve();
    const { stock } = await wire.call('setStock', { productId: 1n, available: 5 });
    expect(stock).to.deep.equal({ productId: 1n, available: 5, reserved: 2 });
    await inventory.release(id);
    expect(await stockOf(1)).to.deep.equal([7, 0]);
    await wire.call('setStock', { productId: 6n, available: 3 });
    expect(await stockOf(6)).to.deep.equal([3, 0]);
    expect(await refusalOf(wire.call('setStock', { productId: 1n, available: -1 }))).to.equal(
      'invalid_quantity',
    );
    expect(await refusalOf(wire.call('setStock', { productId: 0n, available: 1 }))).to.equal(
      'invalid_product_id',
    );
  });

  it('shows a reservation', async () => {
    await reserve();
    const { reservation } = await wire.call('getReservation', { reservationId: id });
    expect(reservation).to.deep.include({
      reservationId: id,
      checkoutId,
      status: ReservationStatus.RESERVED,
      items: [
        { productId: 1n, quantity: 2 },
        { productId: 2n, quantity: 1 },
      ],
    });
  });

  it('refuses what makes no request', async () => {
    for (const checkout of ['', ' ', 'a b', 'x'.repeat(129), 'a\n', "'; --"]) {
      expect(await refusalOf(reserve([mouse], checkout)), checkout).to.equal('invalid_request');
    }
    expect(await refusalOf(reserve([]))).to.equal('invalid_request');
    for (const quantity of [0, -1, 1_000_001]) {
      expect(await refusalOf(reserve([{ productId: 1, quantity }])), String(quantity)).to.equal(
        'invalid_quantity',
      );
    }
    const half = { productId: 1, quantity: 600_000 };
    expect(await refusalOf(reserve([half, half]))).to.equal('invalid_quantity');
    for (const productId of [0, -1]) {
      expect(await refusalOf(reserve([{ productId, quantity: 1 }]))).to.equal('invalid_product_id');
    }
    expect(await refusalOf(inventory.getStock([0]))).to.equal('invalid_product_id');
    for (const call of ['confirm', 'release', 'restock', 'getReservation'] as const) {
      expect(await refusalOf(wire.call(call, { reservationId: '' })), call).to.equal('invalid_request');
    }
    expect(await stockOf(1)).to.deep.equal([100, 0]);
  });

  it('holds after a restart what it held before', async () => {
    const first = await reserve();
    await reserve([mouse], 'c-2');
    await inventory.confirm(reservationIdFor('c-2'));
    await close();
    await open();
    expect(await reserve()).to.deep.equal(first);
    expect(await stockOf(2)).to.deep.equal([498, 1]);
    await inventory.confirm(id);
    expect(await stockOf(2)).to.deep.equal([498, 0]);
  });
});
