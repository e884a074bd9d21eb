import { join } from 'node:path';
import { codeOf, type StateStore } from '@trolley/runtime';
import { createPostgresPool, PostgresStateStore } from '@trolley/runtime/postgres';
import { openSqlite, type SqliteDatabase, SqliteStateStore } from '@trolley/runtime/sqlite';
import { createTestCluster, FakeClock, MemoryStateStore, type TestCluster } from '@trolley/runtime/testing';
import { createCartActor } from '../../../../actors/cart/cart.actor.ts';
import { CartContract } from '../../../../actors/cart/cart.contract.ts';
import type { CartLine } from '../../../../actors/cart/cart-line.contract.ts';
import { createCheckoutActor } from '../../../../actors/checkout/checkout.actor.ts';
import { CheckoutCompleted } from '../../../../actors/checkout/checkout-completed.ts';
import { CheckoutContract, checkoutIdFor } from '../../../../actors/checkout/checkout.contract.ts';
import type { CheckoutPorts } from '../../../../actors/checkout/checkout.ports.ts';
import { checkoutTable } from '../../../../actors/checkout/checkout.store.postgres.ts';
import { createOrderActor } from '../../../../actors/order/order.actor.ts';
import { OrderContract } from '../../../../actors/order/order.contract.ts';
import { orderTable } from '../../../../actors/order/order.store.postgres.ts';
import { InventoryLedger } from '../../../../actors/services/inventory/inventory.ledger.ts';
import { inventoryMigrations, seedStock } from '../../../../actors/services/inventory/inventory.schema.ts';
import { InventoryStore } from '../../../../actors/services/inventory/inventory.store.ts';
import { PaymentLedger } from '../../../../actors/services/payment/payment.ledger.ts';
import { paymentMigrations } from '../../../../actors/services/payment/payment.schema.ts';
import { PaymentStore } from '../../../../actors/services/payment/payment.store.ts';

/** What a user does, and how far it comes. */
export interface Visit {
  readonly userId: number;
  readonly lines: readonly CartLine[];
  /** `slow`: the payment is under way. */
  readonly payment: 'card' | 'card_declined' | 'slow';
  /** How far the event of a completed checkout has come. */
  readonly event: 'waits' | 'sent' | 'handled';
  readonly order: 'kept' | 'cancelled';
}

export interface Bought {
  readonly checkoutId: string;
  readonly visit: Visit;
}

const refusals = new Set<ReturnType<typeof codeOf>>([
  'empty_cart',
  'checkout_in_progress',
  'too_many_checkouts',
]);
const priceCents = 1_250;
const dayMs = 86_400_000;
/** How long ago those events were sent that were handled since. */
const handledForMs = 120_000;

/**
 * A shop whose actors and ledgers are the real ones, its mailboxes and their stores in memory. Its books are sound
 * whatever is visited, and can be written to where a shop has them.
 */
export class SmallShop {
  readonly bought: Bought[] = [];
  readonly #folder: string;
  readonly #clock: FakeClock;
  readonly #cluster: TestCluster;
  readonly #inventory: SqliteDatabase;
  readonly #payment: SqliteDatabase;
  readonly #stores = {
    cart: new MemoryStateStore(),
    checkout: new MemoryStateStore(),
    order: new MemoryStateStore(),
  };
  readonly #handled = new Map<string, Visit['event']>();

  private constructor(
    folder: string,
    inventory: SqliteDatabase,
    payment: SqliteDatabase,
    startedAt: number | undefined,
  ) {
    this.#folder = folder;
    this.#clock = new FakeClock(startedAt);
    this.#inventory = inventory;
    this.#payment = payment;
    const stock = new InventoryLedger(new InventoryStore(inventory), {
      reservationTtlMs: 300_000,
      retentionMs: 7 * dayMs,
      soldRetentionMs: 365 * dayMs,
    });
    let transactions = 0;
    const money = new PaymentLedger(new PaymentStore(payment), () => `transaction-${++transactions}`);
    const ports = this.#ports(stock, money);
    this.#cluster = createTestCluster({
      clock: this.#clock,
      actors: [
        {
          actor: createCartActor({
            views: { put: async () => {}, get: async () => undefined },
            limits: { maxCheckouts: 3, maxUnits: 5_000 },
          }),
          store: this.#stores.cart,
        },
        {
          actor: createCheckoutActor({
            ...ports,
            reserveTimeoutMs: 30_000,
            paymentTimeoutMs: 60_000,
          }),
          store: this.#stores.checkout,
        },
        { actor: createOrderActor(ports), store: this.#stores.order },
      ],
    });
  }

  /** Its services write to `folder` at once. `startedAt`: milliseconds since the epoch, where a real shop goes on. */
  static async open(folder: string, startedAt?: number): Promise<SmallShop> {
    const inventory = await openSqlite({
      file: join(folder, 'inventory.sqlite'),
      migrations: inventoryMigrations,
      seed: (database) => seedStock(database, undefined),
    });
    const payment = await openSqlite({ file: join(folder, 'payment.sqlite'), migrations: paymentMigrations });
    return new SmallShop(folder, inventory, payment, startedAt);
  }

  /** When it is there. */
  get now(): number {
    return this.#clock.now();
  }

  #ports(stock: InventoryLedger, money: PaymentLedger): CheckoutPorts {
    const clock = this.#clock;
    return {
      clock,
      orders: { has: async (checkoutId) => (await this.#stores.order.load(checkoutId)) !== undefined },
      prices: {
        getMany: (ids) =>
          Promise.resolve(ids.map((id) => ({ id, name: `Product ${id}`, priceCents: priceCents * id }))),
      },
      inventory: {
        reserve: async ({ checkoutId, items }) => ({
          reservationId: stock.reserve(checkoutId, [...items].sort(byProduct), clock.now()).id,
        }),
        confirm: async (id) => void stock.confirm(id, clock.now()),
        release: async (id) => void stock.release(id, clock.now()),
        restock: async (id) => stock.restock(id, clock.now()),
      },
      payments: {
        async charge({ checkoutId, amountCents, currency, paymentMethod }) {
          if (paymentMethod === 'slow') return new Promise<never>(() => {});
          const refusal = paymentMethod === 'card_declined' ? 'card_declined' : undefined;
          const { status, paymentId } = money.decide(
            { checkoutId, amountCents, currency },
            refusal,
            clock.now(),
          );
          return status === 'charged'
            ? { status: 'success', paymentId }
            : { status: 'failed', reason: status };
        },
        refund: async (checkoutId) => money.refund(checkoutId, clock.now()),
      },
    };
  }

  async visit(visit: Visit): Promise<void> {
    const { refs } = this.#cluster;
    const { userId, lines, payment } = visit;
    for (const line of lines) await refs.ref(CartContract, String(userId)).addItem(line);
    const idempotencyKey = `k${this.bought.length}`;
    const checkoutId = checkoutIdFor(userId, idempotencyKey);
    const shippingAddress = { city: 'Łódź', street: `Street ${userId}` };
    const start = { userId, idempotencyKey, shippingAddress, paymentMethod: payment };
    const started = refs.ref(CheckoutContract, checkoutId).start(start);
    this.bought.push({ checkoutId, visit });
    if (payment === 'slow') {
      started.catch(() => undefined);
      return this.#cluster.runUntilIdle();
    }
    // Refused when another checkout of the same user has all that lies in the cart.
    const ended = await started.catch((error: unknown) => {
      if (!refusals.has(codeOf(error))) throw error;
      return undefined;
    });
    if (ended?.checkout.status === 'COMPLETED') await this.#handle(checkoutId, visit);
  }

  async #handle(checkoutId: string, { userId, event, order }: Visit): Promise<void> {
    this.#handled.set(checkoutId, event);
    if (event !== 'handled') return;
    const { refs } = this.#cluster;
    const published = this.#stores.checkout.published.find(({ actorKey }) => actorKey === checkoutId);
    const completed = CheckoutCompleted.parse(published?.payload);
    await refs.ref(OrderContract, checkoutId).create(completed);
    const lines = completed.items.map((item) => ({ productId: item.product_id, quantity: item.quantity }));
    const purchase = { checkoutId, lines, completedAt: completed.completed_at };
    await refs.ref(CartContract, String(userId)).settlePurchase(purchase);
    if (order === 'cancelled') await refs.ref(OrderContract, checkoutId).cancel();
  }

  /** Ends it, and writes what it holds to where a shop has it: carts to `carts.sqlite`, or to `carts`. */
  async close(postgresUrl: string, carts?: StateStore): Promise<void> {
    const { now } = this;
    await this.#cluster.close();
    this.#inventory.close();
    this.#payment.close();
    const pool = createPostgresPool(postgresUrl, { max: 1 });
    try {
      if (carts === undefined) await this.#copyCartsToFile();
      else await copy(this.#stores.cart, carts, now);
      await copy(this.#stores.checkout, new PostgresStateStore({ pool, table: checkoutTable }), now);
      await copy(this.#stores.order, new PostgresStateStore({ pool, table: orderTable }), now);
      for (const [id, event] of this.#handled) {
        if (event === 'waits') continue;
        const at = new Date(event === 'sent' ? now : now - handledForMs);
        await pool.query(
          'UPDATE outbox_events SET processed_at = $2, publications = 1 WHERE aggregate_id = $1',
          [id, at],
        );
      }
    } finally {
      await pool.end();
    }
  }

  async #copyCartsToFile(): Promise<void> {
    const file = join(this.#folder, 'carts.sqlite');
    const carts = await SqliteStateStore.open({ file, actorType: CartContract.type });
    try {
      await copy(this.#stores.cart, carts, this.now);
    } finally {
      await carts.close();
    }
  }
}

async function copy(from: MemoryStateStore, to: StateStore, now: number): Promise<void> {
  for (const key of from.keys()) {
    const stored = await from.load(key);
    if (stored === undefined) continue;
    const events = from.published.filter(({ actorKey }) => actorKey === key);
    await to.write({ key, expectedVersion: 0, record: stored.record, events, now });
  }
}

const byProduct = (one: CartLine, other: CartLine) => one.productId - other.productId;
