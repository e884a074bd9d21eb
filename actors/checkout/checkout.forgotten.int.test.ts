import { expect } from 'chai';
import { silentLogger } from '@trolley/runtime';
import { createCartActor } from '../cart/cart.actor.ts';
import type { CartState } from '../cart/cart.state.ts';
import type { RunningService } from '../services/grpc-sqlite-service.ts';
import { openInventory, reservationIdFor } from '../services/inventory/inventory.client.ts';
import { openInventoryService } from '../services/inventory/inventory.service.ts';
import { openPayments } from '../services/payment/payment.client.ts';
import { openPaymentService } from '../services/payment/payment.service.ts';
import { ManualClock } from '../services/testing/manual-clock.ts';
import { temporaryFolder } from '../services/testing/temporary-folder.ts';
import { ActorDriver } from '../testing/actor-driver.ts';
import { createCheckoutActor } from './checkout.actor.ts';
import { checkoutIdFor, type CheckoutView } from './checkout.contract.ts';

const userId = 7;
const checkoutId = checkoutIdFor(userId, 'a key');
const laptop = { productId: 1, quantity: 2 };
const priceCents = 129_999;

/** What the services know of a checkout outlives its own row. */
describe('a failed checkout that was removed, started again under its key', () => {
  const folder = temporaryFolder();
  const time = { now: Date.parse('2026-01-01T00:00:00Z') };
  const closers: (() => unknown)[] = [];
  let inventory: ReturnType<typeof openInventory>;
  let payments: ReturnType<typeof openPayments>;
  let cart: ActorDriver;

  beforeEach(async () => {
    const options = {
      dataDir: folder.path,
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      clock: new ManualClock(),
    };
    const keep = (service: RunningService) => {
      closers.push(() => service.close());
      return { address: `127.0.0.1:${service.port}` };
    };
    inventory = openInventory(keep(await openInventoryService(options)));
    payments = openPayments(
      keep(
        await openPaymentService({
          ...options,
          random: () => 0.5,
          newId: () => 'tx',
          successRate: 1,
          delay: { minMs: 0, maxMs: 0 },
          magicPaymentMethods: true,
        }),
      ),
    );
    closers.unshift(
      () => inventory.close(),
      () => payments.close(),
    );
    cart = new ActorDriver({
      actor: createCartActor({
        views: { get: async () => undefined, put: async () => {} },
        limits: { maxCheckouts: 3, maxUnits: 5000 },
      }),
      key: String(userId),
      time,
    });
    await cart.ask('AddItem', laptop);
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  /** From nothing: its row is not there, or not there any more. */
  async function checkout(paymentMethod = 'card'): Promise<CheckoutView> {
    const driver = new ActorDriver({
      actor: createCheckoutActor({
        orders: { has: async () => false },
        prices: { getMany: async () => [{ id: 1, name: 'Laptop', priceCents }] },
        inventory,
        payments,
        clock: { now: () => time.now },
        reserveTimeoutMs: 30_000,
        paymentTimeoutMs: 60_000,
      }),
      key: checkoutId,
      time,
      askOther: ({ name, input }) => cart.ask(name, input),
    });
    const id = driver.send('Start', { userId, idempotencyKey: 'a key', paymentMethod });
    await driver.run();
    return (driver.answer(id) as { checkout: CheckoutView }).checkout;
  }

  /** Nothing sold, nothing held, nothing paid, and the cart as it was. */
  async function expectNothingKept(): Promise<void> {
    const [stock] = await inventory.getStock([laptop.productId]);
    expect([stock?.available, stock?.reserved]).to.deep.equal([100, 0]);
    const { claims, items } = cart.state as CartState;
    expect([claims.length, items.length]).to.deep.equal([0, 1]);
    const { status } = await payments.getPayment(checkoutId).catch(() => ({ status: 'none' }));
    expect(status).not.to.equal('charged');
  }

  for (const [what, before, reason] of [
    ['its card was declined', () => checkout('card_declined'), 'reservation_refused'],
    [
      'its reservation was released',
      () => inventory.release(reservationIdFor(checkoutId)),
      'reservation_refused',
    ],
    ['its refund left a tombstone', () => payments.refund(checkoutId), 'payment_declined'],
    [
      'its payment was refunded',
      async () => {
        await payments.charge({ checkoutId, amountCents: 2 * priceCents, currency: 'USD' });
        await payments.refund(checkoutId);
      },
      'payment_declined',
    ],
    [
      'its payment, of another amount, was refunded',
      async () => {
        await payments.charge({ checkoutId, amountCents: 1, currency: 'USD' });
        await payments.refund(checkoutId);
      },
      'payment_declined: conflict',
    ],
  ] as const) {
    it(`fails and gives all back: ${what}`, async () => {
      await before();
      const { status, failureReason } = await checkout();
      expect(status).to.equal('FAILED');
      expect(failureReason).to.contain(reason);
      await expectNothingKept();
    });
  }
});
