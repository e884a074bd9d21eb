import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'chai';
import fc from 'fast-check';
import { Client } from 'pg';
import { silentLogger, systemClock } from '@trolley/runtime';
import { openSqlite } from '@trolley/runtime/sqlite';
import { createTestDatabase, type TestDatabase } from '@trolley/runtime/testing/suites';
import { openInventory } from '../../../actors/services/inventory/inventory.client.ts';
import { openInventoryService } from '../../../actors/services/inventory/inventory.service.ts';
import { InventoryLedger } from '../../../actors/services/inventory/inventory.ledger.ts';
import { inventoryMigrations } from '../../../actors/services/inventory/inventory.schema.ts';
import { InventoryStore } from '../../../actors/services/inventory/inventory.store.ts';
import { openPayments } from '../../../actors/services/payment/payment.client.ts';
import { openPaymentService } from '../../../actors/services/payment/payment.service.ts';
import { createProgress } from '../../shop/process/progress.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { reservationIdFor } from '../../../actors/services/inventory/reservation-id.ts';
import { openSnapshot } from '../stores/snapshot.ts';
import { unknownGaps, type EventGaps } from './event-gap.ts';
import type { FaultName } from './faults.ts';
import { Findings } from './findings.ts';
import { mend, planOf } from './mend.ts';
import { createMenders } from './menders.ts';
import { reconcile } from './reconcile.ts';
import { SmallShop, type Visit } from './testing/small-shop.ts';

const dayMs = 86_400_000;
const tables = ['checkout_sessions', 'orders', 'outbox_events'];

const visit = (userId: number, productId: number, rest: Partial<Visit> = {}): Visit => ({
  ...{ userId, lines: [{ productId, quantity: 2 }], payment: 'card', event: 'handled', order: 'kept' },
  ...rest,
});
const visits = {
  kept: visit(1, 1),
  declined: visit(2, 2, { payment: 'card_declined' }),
  cancelled: visit(3, 3, { order: 'cancelled' }),
  hanging: visit(4, 4, { payment: 'slow' }),
  sent: visit(5, 5, { event: 'sent' }),
  waiting: visit(6, 1, { event: 'waits' }),
} satisfies Record<string, Visit>;
type VisitName = keyof typeof visits;

/** A UUID of version 5, as checkouts have, of no checkout. */
const nobodys = '00000000-0000-5000-8000-000000000000';

describe('reconcile', () => {
  let root: string;
  let database: TestDatabase;
  let postgres: Client;
  let now: number;
  const ids = {} as Record<VisitName, string>;
  const place = () => join(root, 'case');

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'trolley-reconcile-'));
    database = await createTestDatabase();
    postgres = new Client({ connectionString: database.url });
    await postgres.connect();
    const shop = await shopIn(join(root, 'sound'), Object.values(visits));
    for (const [index, name] of Object.keys(visits).entries())
      ids[name as VisitName] = shop.bought[index]?.checkoutId ?? '';
    for (const table of tables) await postgres.query(`CREATE TABLE sound_${table} AS TABLE ${table}`);
  });
  beforeEach(async () => {
    rmSync(place(), { recursive: true, force: true });
    cpSync(join(root, 'sound'), place(), { recursive: true });
    await postgres.query(`TRUNCATE ${tables.join()}`);
    for (const table of tables) await postgres.query(`INSERT INTO ${table} SELECT * FROM sound_${table}`);
  });
  after(async () => {
    await postgres.end();
    await database.drop();
    rmSync(root, { recursive: true, force: true });
  });

  async function shopIn(folder: string, all: readonly Visit[]): Promise<SmallShop> {
    const shop = await SmallShop.open(folder);
    for (const each of all) await shop.visit(each);
    now = shop.now;
    await shop.close(database.url);
    return shop;
  }
  async function look(around: { asOf?: number; gaps?: EventGaps; folder?: string } = {}): Promise<Findings> {
    const { asOf = now + 1_000, gaps = unknownGaps, folder = place() } = around;
    const moment = await openSnapshot(folder, database.url);
    try {
      return await reconcile(moment, { asOf, gaps, sessionRetentionMs: 90 * dayMs });
    } finally {
      await moment.close();
    }
  }
  const found = (findings: Findings) =>
    findings.byArea.flatMap(({ faults }) =>
      faults.flatMap(({ fault, shown }) => shown.map(({ id }) => [fault, id])),
    );

  /** As nobody but an operator's hand can: past every rule. */
  function inFile(name: string, ...statements: string[]): void {
    const file = new Database(join(place(), `${name}.sqlite`));
    try {
      file.pragma('foreign_keys = OFF');
      file.pragma('ignore_check_constraints = ON');
      for (const statement of statements) file.prepare(statement).run(ids);
    } finally {
      file.close();
    }
  }
  const sql = (statement: string, ...names: VisitName[]) =>
    postgres.query(
      statement,
      names.map((name) => ids[name]),
    );

  it('finds nothing where nothing is wrong, and tells what is under way', async () => {
    const findings = await look();
    expect(found(findings)).to.deep.equal([]);
    expect(findings.total).to.equal(0);
    expect(Object.fromEntries(findings.underWay)).to.deep.equal({
      'checkouts under way': 1,
      'events waiting for the event log': 1,
      'orders to come': 2,
      'carts to be settled': 2,
    });
  });

  it('leaves a claim that nobody asks about to the event that is still to come', async () => {
    inFile('carts', `${neverAsks} WHERE key IN ('5', '6')`);
    const findings = await look();
    expect(found(findings)).to.deep.equal([]);
    expect(findings.underWay.get('carts to be settled')).to.equal(2);
    const handled = { readAt: now + 60_000, count: 0, checkouts: new Set<string>() };
    expect(found(await look({ gaps: { ...unknownGaps, carts: handled } }))).to.deep.equal(
      of('sent', 'claim-of-completed'),
    );
  });

  type Expected = readonly [fault: FaultName, id: string];
  const of = (name: VisitName, ...faults: FaultName[]) => faults.map((fault): Expected => [fault, ids[name]]);

  /** One thing is broken in each, and just that is found. */
  const cases: Record<string, { break: () => unknown; found: () => readonly Expected[] }> = {
    'sold units are for sale again': {
      break: () =>
        inFile(
          'inventory',
          'UPDATE stock SET sold = sold - 2, available = available + 2 WHERE product_id = 1',
        ),
      found: () => [['stock-sold', '1']],
    },
    'less than nothing was sold': {
      break: () =>
        inFile('inventory', 'UPDATE stock SET sold = -5, available = available + 5 WHERE product_id = 2'),
      found: () => [['stock-sold', '2']],
    },
    'units are reserved for nobody': {
      break: () =>
        inFile('inventory', 'UPDATE stock SET reserved = 3, available = available - 3 WHERE product_id = 2'),
      found: () => [['stock-reserved', '2']],
    },
    'units appeared': {
      break: () => inFile('inventory', 'UPDATE stock SET available = available + 1 WHERE product_id = 2'),
      found: () => [['stock-sum', '2']],
    },
    'a reservation is missing, its items are not': {
      break: () => inFile('inventory', 'DELETE FROM reservations WHERE checkout_id = :kept'),
      found: () => [
        ['rows-orphaned', 'reservation_items in inventory.sqlite'],
        ['stock-sold', '1'],
        ['items-without-reservation', reservationIdFor(ids.kept)],
        ...of('kept', 'reservation-missing'),
      ],
    },
    'a product that was sold is missing': {
      break: () => inFile('inventory', 'DELETE FROM stock WHERE product_id = 4'),
      found: () => [
        ['rows-orphaned', 'reservation_items in inventory.sqlite'],
        ['items-without-stock', '4'],
      ],
    },
    'a reservation of nobody holds stock': {
      break: () =>
        inFile(
          'inventory',
          `INSERT INTO reservations VALUES ('${reservationIdFor(nobodys)}', '${nobodys}', 'reserved', 0, 0, 0)`,
        ),
      found: () => [['reservation-unknown', nobodys]],
    },
    'a failed checkout holds stock': {
      break: () =>
        inFile(
          'inventory',
          `UPDATE reservations SET status = 'reserved' WHERE checkout_id = :declined`,
          'UPDATE stock SET reserved = 2, available = available - 2 WHERE product_id = 2',
        ),
      found: () => of('declined', 'reservation-of-failed'),
    },
    'what was sold was given back': {
      break: () =>
        inFile(
          'inventory',
          `UPDATE reservations SET status = 'restocked' WHERE checkout_id = :kept`,
          'UPDATE stock SET sold = sold - 2, available = available + 2 WHERE product_id = 1',
        ),
      found: () => of('kept', 'reservation-returned'),
    },
    'what was cancelled was not given back': {
      break: () =>
        inFile(
          'inventory',
          `UPDATE reservations SET status = 'confirmed' WHERE checkout_id = :cancelled`,
          'UPDATE stock SET sold = sold + 2, available = available - 2 WHERE product_id = 3',
        ),
      found: () => of('cancelled', 'restock-missing'),
    },
    'other units were sold than bought': {
      break: () =>
        inFile(
          'inventory',
          `UPDATE reservation_items SET quantity = 1 WHERE reservation_id IN
             (SELECT id FROM reservations WHERE checkout_id = :kept)`,
          'UPDATE stock SET sold = sold - 1, available = available + 1 WHERE product_id = 1',
        ),
      found: () => of('kept', 'reservation-lines'),
    },
    'a reservation has an id that is not its own': {
      break: () =>
        inFile(
          'inventory',
          `UPDATE reservation_items SET reservation_id = 'odd' WHERE reservation_id IN
             (SELECT id FROM reservations WHERE checkout_id = :kept)`,
          `UPDATE reservations SET id = 'odd' WHERE checkout_id = :kept`,
        ),
      found: () => of('kept', 'reservation-id'),
    },

    'a charge has no checkout': {
      break: () => inFile('payment', charge(`'${nobodys}'`)),
      found: () => [['charge-unknown', nobodys]],
    },
    'charges have ids that are none': {
      break: () =>
        inFile(
          'payment',
          charge(`'order-17'`),
          charge(`''`),
          charge(`char(0, 39, 34, 59)`),
          charge(`'чайник 🫖'`),
        ),
      found: () => ['', '\0\'";', 'order-17', 'чайник 🫖'].map((id) => ['charge-foreign', id]),
    },
    'a charge has an id of a megabyte': {
      break: () => inFile('payment', charge(`printf('%.*c', 1048576, 'x')`)),
      found: () => [['charge-foreign', 'x'.repeat(1_048_576)]],
    },
    'a charge is gone': {
      break: () => inFile('payment', 'DELETE FROM payments WHERE checkout_id = :kept'),
      found: () => of('kept', 'charge-missing'),
    },
    'a charge is for other money': {
      break: () => inFile('payment', 'UPDATE payments SET amount_cents = 1 WHERE checkout_id = :kept'),
      found: () => of('kept', 'charge-amount'),
    },
    'a charge is in another currency': {
      break: () => inFile('payment', `UPDATE payments SET currency = 'EUR' WHERE checkout_id = :kept`),
      found: () => of('kept', 'charge-amount'),
    },
    'a charge was given back': {
      break: () => inFile('payment', `UPDATE payments SET status = 'refunded' WHERE checkout_id = :kept`),
      found: () => of('kept', 'charge-returned'),
    },
    'a failed checkout is charged': {
      break: () =>
        inFile(
          'payment',
          `UPDATE payments SET status = 'charged', refusal = '', transaction_id = 't' WHERE checkout_id = :declined`,
        ),
      found: () => of('declined', 'charge-of-failed'),
    },
    'a cancelled order is charged': {
      break: () => inFile('payment', `UPDATE payments SET status = 'charged' WHERE checkout_id = :cancelled`),
      found: () => of('cancelled', 'refund-missing'),
    },
    'the file of payments has no payments': {
      break: () => inFile('payment', 'DROP TABLE payments'),
      found: () => [],
    },

    'an order is gone': {
      break: () => sql(`DELETE FROM orders WHERE checkout_id = $1`, 'kept'),
      found: () => of('kept', 'order-missing'),
    },
    'an order is gone, and its event too': {
      break: async () => {
        await sql(`DELETE FROM orders WHERE checkout_id = $1`, 'kept');
        await sql(`DELETE FROM outbox_events WHERE aggregate_id = $1`, 'kept');
      },
      found: () => of('kept', 'order-missing'),
    },
    'an order has no checkout': {
      break: () => sql(`DELETE FROM checkout_sessions WHERE id = $1`, 'kept'),
      found: () => of('kept', 'order-unknown'),
    },
    'a checkout is gone with its order': {
      break: async () => {
        await sql(`DELETE FROM orders WHERE checkout_id = $1`, 'kept');
        await sql(`DELETE FROM checkout_sessions WHERE id = $1`, 'kept');
      },
      found: () => of('kept', 'reservation-unknown', 'charge-unknown', 'event-unknown', 'settled-unknown'),
    },
    'an order has other lines': {
      break: () =>
        sql(`UPDATE orders SET items = jsonb_set(items, '{0,quantity}', '7') WHERE checkout_id = $1`, 'kept'),
      found: () => of('kept', 'order-differs'),
    },
    'an order has another amount': {
      break: () => sql(`UPDATE orders SET total_amount = total_amount + 0.01 WHERE checkout_id = $1`, 'kept'),
      found: () => of('kept', 'order-differs'),
    },
    'an order goes to another address': {
      break: () =>
        sql(`UPDATE orders SET shipping_address = '{"city":"Roma"}' WHERE checkout_id = $1`, 'kept'),
      found: () => of('kept', 'order-differs'),
    },
    'an order is of another user': {
      break: () => sql(`UPDATE orders SET user_id = 77 WHERE checkout_id = $1`, 'kept'),
      found: () => of('kept', 'order-differs'),
    },
    'an order has another id': {
      break: () => sql(`UPDATE orders SET id = gen_random_uuid() WHERE checkout_id = $1`, 'kept'),
      found: () => of('kept', 'order-differs'),
    },
    'an order cannot be read': {
      break: () => sql(`UPDATE orders SET items = '"none"' WHERE checkout_id = $1`, 'kept'),
      found: () => of('kept', 'order-unreadable'),
    },
    'a cancelled order gives nothing back': {
      break: () =>
        sql(
          `UPDATE orders SET details = details || '{"refunded":false}' WHERE checkout_id = $1`,
          'cancelled',
        ),
      found: () => of('cancelled', 'order-stuck'),
    },
    'a failed checkout has an order': {
      break: () => sql(`UPDATE orders SET checkout_id = $2 WHERE checkout_id = $1`, 'cancelled', 'declined'),
      found: () => [
        ...of('cancelled', 'reservation-returned', 'charge-returned'),
        ...of('declined', 'order-of-unfinished'),
        ...of('cancelled', 'order-missing'),
      ],
    },

    'a checkout cannot be read': {
      break: () => sql(`UPDATE checkout_sessions SET machine_snapshot = '{}' WHERE id = $1`, 'declined'),
      found: () => of('declined', 'checkout-unreadable'),
    },
    'what the runtime keeps of a checkout cannot be read': {
      break: () => sql(`UPDATE checkout_sessions SET runtime = '[]' WHERE id = $1`, 'declined'),
      found: () => of('declined', 'checkout-unreadable'),
    },
    'nothing moves a checkout': {
      break: () =>
        sql(`UPDATE checkout_sessions SET runtime = runtime || '{"effects":[]}' WHERE id = $1`, 'hanging'),
      found: () => of('hanging', 'checkout-stuck'),
    },
    'the next step of a checkout is far away': {
      break: () =>
        sql(
          `UPDATE checkout_sessions SET runtime = jsonb_set(runtime, '{effects,0,notBefore}', '4000000000000') WHERE id = $1`,
          'hanging',
        ),
      found: () => of('hanging', 'checkout-put-off'),
    },

    'an event is gone': {
      break: () => sql(`DELETE FROM outbox_events WHERE aggregate_id = $1`, 'kept'),
      found: () => of('kept', 'event-missing'),
    },
    'an event says something else': {
      break: () =>
        sql(
          `UPDATE outbox_events SET payload = payload || '{"total_amount":1}' WHERE aggregate_id = $1`,
          'kept',
        ),
      found: () => of('kept', 'event-differs'),
    },
    'there are two events of one checkout': {
      break: () =>
        sql(
          `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload, processed_at)
           SELECT aggregate_id, event_type, partition_key, payload, processed_at FROM outbox_events
           WHERE aggregate_id = $1`,
          'kept',
        ),
      found: () => of('kept', 'event-twice'),
    },
    'events have ids that are none': {
      break: () =>
        postgres.query(
          `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload)
           SELECT id, 'CheckoutCompleted', '', '{}' FROM unnest($1::text[]) AS id`,
          [['', 'чайник', `'; DROP`]],
        ),
      found: () => ['', `'; DROP`, 'чайник'].map((id) => ['event-unknown', id]),
    },
    'a failed checkout has an event': {
      break: () =>
        sql(`UPDATE outbox_events SET aggregate_id = $2 WHERE aggregate_id = $1`, 'sent', 'declined'),
      found: () => [...of('declined', 'event-unknown'), ...of('sent', 'order-missing')],
    },

    'a cart cannot be read': {
      break: () => inFile('carts', `UPDATE actor_cart SET state = '{}' WHERE key = '2'`),
      found: () => [['cart-unreadable', '2']],
    },
    'a cart is no JSON': {
      break: () => inFile('carts', `UPDATE actor_cart SET state = '{' WHERE key = '2'`),
      found: () => [['cart-unreadable', '2']],
    },
    'a cart never asks what became of its claim, whose event was handled': {
      break: () => inFile('carts', `${neverAsks}, state = replace(state, :sent, :kept) WHERE key = '5'`),
      found: () => of('kept', 'claim-of-completed'),
    },
    'a failed checkout has a claim': {
      break: () => inFile('carts', `${neverAsks}, state = replace(state, :sent, :declined) WHERE key = '5'`),
      found: () => of('declined', 'claim-of-failed'),
    },
    'nobody has a claim': {
      break: () =>
        inFile('carts', `${neverAsks}, state = replace(state, :sent, '${nobodys}') WHERE key = '5'`),
      found: () => [['claim-unknown', nobodys]],
    },
    'a claim is left of what has only its order': {
      break: async () => {
        await sql('DELETE FROM checkout_sessions WHERE id = $1', 'kept');
        inFile('carts', `${neverAsks}, state = replace(state, :sent, :kept) WHERE key = '5'`);
      },
      found: () => of('kept', 'order-unknown', 'claim-of-completed'),
    },
    'a claim holds more than there is': {
      break: () =>
        inFile(
          'carts',
          `UPDATE actor_cart SET state = json_set(state, '$.items[0].quantity', 1) WHERE key = '5'`,
        ),
      found: () => [['claim-exceeds', 'user 5']],
    },
    'a failed checkout was taken out of its cart': {
      break: () =>
        inFile(
          'carts',
          `UPDATE actor_cart SET state = json_set(state, '$.settled[#]', :declined) WHERE key = '2'`,
        ),
      found: () => of('declined', 'settled-failed'),
    },
    'what was bought is back in the cart': {
      break: () =>
        inFile(
          'carts',
          `UPDATE actor_cart SET state = json_set(state, '$.settled', json('[]'), '$.items',
             json_array(json_object('productId', 1, 'quantity', 2, 'addedAt', 0))) WHERE key = '1'`,
        ),
      found: () => of('kept', 'cart-unsettled'),
    },
  };
  for (const [title, { break: breakIt, found: expected }] of Object.entries(cases)) {
    it(`says that ${title}`, async () => {
      await breakIt();
      const findings = await look();
      expect(found(findings)).to.have.deep.members(expected());
      expect(findings.total).to.be.greaterThan(0);
    });
  }

  describe('--fix', () => {
    const progress = (lines: string[]) =>
      createProgress({ write: (line: string) => lines.push(line.trimEnd()) });

    /** On the services as they are, and with no shop whose actors could be asked. */
    async function fix(findings: Findings): Promise<string[]> {
      const lines: string[] = [];
      const common = {
        dataDir: place(),
        host: '127.0.0.1',
        port: 0,
        logger: silentLogger,
        clock: systemClock,
      };
      const stock = await openInventoryService(common);
      const money = await openPaymentService({
        ...{ ...common, successRate: 1, delay: { minMs: 0, maxMs: 0 } },
        ...{ random: Math.random, newId: randomUUID, magicPaymentMethods: false },
      });
      const [inventory, payments] = [
        openInventory({ address: `127.0.0.1:${stock.port}` }),
        openPayments({ address: `127.0.0.1:${money.port}` }),
      ];
      const refs = () => Promise.reject(new StartProblem('No shop runs.'));
      try {
        const menders = createMenders({ dataDir: place(), postgres, inventory, payments, refs });
        await mend(planOf(findings), menders, progress(lines));
      } finally {
        for (const each of [inventory, payments]) each.close();
        await Promise.all([stock.close(), money.close()]);
      }
      return lines;
    }

    it('gives back what nobody bought, sells and counts again what was, and says what it could not do', async () => {
      inFile('inventory', `DELETE FROM reservations WHERE checkout_id = :kept`);
      inFile('inventory', 'UPDATE stock SET sold = sold + 9, available = available - 9 WHERE product_id = 5');
      inFile('payment', charge(`'${nobodys}'`));
      inFile(
        'payment',
        `UPDATE payments SET status = 'charged', refusal = '', transaction_id = 't' WHERE checkout_id = :declined`,
        `UPDATE payments SET status = 'charged' WHERE checkout_id = :cancelled`,
      );
      inFile(
        'inventory',
        `UPDATE reservations SET status = 'confirmed' WHERE checkout_id IN (:declined, :cancelled)`,
        'UPDATE stock SET sold = sold + 2, available = available - 2 WHERE product_id IN (2, 3)',
      );
      inFile('carts', `${neverAsks}, state = replace(state, :sent, :declined) WHERE key = '5'`);
      await sql(`DELETE FROM orders WHERE checkout_id = $1`, 'kept');

      const findings = await look();
      const lines = await fix(findings);
      expect(lines.filter((line) => line.startsWith('✗'))).to.deep.equal([
        `✗ ${ids.declined}: let go of the lines in the cart (claim-of-failed): No shop runs.`,
      ]);
      expect(lines.filter((line) => line.startsWith('✓'))).to.have.length(9);
      const { rows } = await sql('SELECT processed_at FROM outbox_events WHERE aggregate_id = $1', 'kept');
      expect(rows).to.deep.equal([{ processed_at: null }]);

      const left = await look();
      expect(found(left)).to.deep.equal(of('declined', 'claim-of-failed'));
      // Again, as after a kill in the middle: nothing is done twice.
      await fix(findings);
      expect(found(await look())).to.deep.equal(of('declined', 'claim-of-failed'));
    });

    it('writes an event anew where it is gone', async () => {
      await sql(`DELETE FROM orders WHERE checkout_id = $1`, 'kept');
      await sql(`DELETE FROM outbox_events WHERE aggregate_id = $1`, 'kept');
      await fix(await look());
      const after = await look();
      expect(found(after)).to.deep.equal([]);
      expect(after.underWay.get('events waiting for the event log')).to.equal(2);
    });

    it('does nothing where things have changed since they were found', async () => {
      const findings = new Findings();
      findings.add('charge-unknown', ids.kept);
      findings.add('reservation-of-failed', ids.kept);
      findings.add('restock-missing', ids.kept);
      const lines = await fix(findings);
      expect(lines.every((line) => line.endsWith('things have changed since: nothing was done'))).to.equal(
        true,
      );
      expect(found(await look())).to.deep.equal([]);
    });
  });

  it('takes an order without a checkout for sound once the checkout may have been removed', async () => {
    await sql(`DELETE FROM checkout_sessions WHERE id = $1`, 'kept');
    const findings = await look({ asOf: now + 100 * dayMs });
    expect(found(findings).filter(([, id]) => id === ids.kept)).to.deep.equal([]);
  });

  it('takes sold units for sound whose reservations the inventory has forgotten', async () => {
    const file = await openSqlite({
      file: join(place(), 'inventory.sqlite'),
      migrations: inventoryMigrations,
    });
    const retention = { reservationTtlMs: 0, retentionMs: 0, soldRetentionMs: 0 };
    const forgotten = new InventoryLedger(new InventoryStore(file), retention).forgetOld(now + 1_000);
    file.close();
    expect(forgotten).to.equal(5);
    const findings = await look({ asOf: now + 400 * dayMs });
    expect(found(findings).filter(([fault]) => /stock|reservation/.test(String(fault)))).to.deep.equal([]);
    inFile('inventory', 'UPDATE stock SET sold = sold - 1, available = available + 1 WHERE product_id = 1');
    expect(found(await look())).to.deep.include(['stock-sold', '1']);
  });

  it('goes by what the groups of consumers have not handled, where the event log tells', async () => {
    const gap = (count: number, ...checkouts: string[]) => ({
      readAt: now + 60_000,
      count,
      checkouts: new Set(checkouts),
    });
    const asOf = now + 120_000;
    const behind = gap(1, ids.sent);
    expect(found(await look({ asOf, gaps: { orders: behind, carts: behind } }))).to.deep.equal([]);
    const done = gap(0);
    expect(found(await look({ asOf, gaps: { orders: done, carts: behind } }))).to.deep.equal(
      of('sent', 'order-missing'),
    );
  });

  it('finds nothing in whatever happened by the rules', async () => {
    const anyVisit = fc.record({
      userId: fc.integer({ min: 1, max: 4 }),
      lines: fc.array(
        fc.record({ productId: fc.integer({ min: 1, max: 5 }), quantity: fc.integer({ min: 1, max: 9 }) }),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      payment: fc.constantFrom('card', 'card', 'card_declined', 'slow'),
      event: fc.constantFrom('waits', 'sent', 'handled', 'handled'),
      order: fc.constantFrom('kept', 'kept', 'cancelled'),
    } satisfies { [K in keyof Visit]: unknown });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyVisit, { minLength: 1, maxLength: 12 }), async (all) => {
        await postgres.query(`TRUNCATE ${tables.join()}`);
        const folder = join(root, `history-${++run}`);
        await shopIn(folder, all);
        expect(found(await look({ folder, asOf: now + 1_000 }))).to.deep.equal([]);
      }),
      { numRuns: 5 },
    );
  });
});

const neverAsks = `UPDATE actor_cart SET runtime = json_set(runtime, '$.effects', json('[]'))`;

const charge = (id: string) =>
  `INSERT INTO payments VALUES (${id}, hex(randomblob(8)), 'charged', 100, 'USD', 't', '', 0, 0)`;
