import { expect } from 'chai';
import { codeOf, createLogger, isActorError, silentLogger, systemClock } from '@trolley/runtime';
import { createShedding, type Load, type Shedding } from '../middleware/load-shedding.ts';
import { openTestFacades, type TestFacades } from '../testing/test-facades.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const aboveMs = 100;
const nobody = '00000000-0000-4000-8000-000000000001';
const line = { userId: 1n, productId: 1n, quantity: 1 };

describe('gRPC façades that are asked for too much', () => {
  const loopDelay = { ms: 0 };
  /** What was let in, and what of it was counted until its answer was there. */
  const seen: (Load | 'counted')[] = [];
  const log: string[] = [];
  let open: TestGateway;
  let facades: TestFacades;

  before(async () => {
    const own = createShedding({ clock: systemClock, logger: silentLogger, loopDelay, aboveMs });
    const shedding: Shedding = {
      get isBusy() {
        return own.isBusy;
      },
      refusalOf(load) {
        seen.push(load);
        return own.refusalOf(load);
      },
      held: (load) => own.held(load),
      turn: () => own.turn(),
      counted(ask) {
        seen.push('counted');
        return own.counted(ask);
      },
    };
    // The same as the REST API's, as in a process that has both.
    open = await openTestGateway({ shedding });
    facades = await openTestFacades(open.shop, {
      logger: createLogger('info', { write: (text: string) => void log.push(text) }),
      shedding,
    });
  });
  beforeEach(() => {
    loopDelay.ms = 0;
    seen.length = 0;
  });
  after(async () => {
    await facades.close();
    await open.close();
  });

  const calls: Readonly<Record<string, readonly [load: Load, call: () => Promise<unknown>]>> = {
    GetCart: ['read', () => facades.carts.call('getCart', { userId: 1n })],
    AddItem: ['ask', () => facades.carts.call('addItem', line)],
    UpdateQuantity: ['ask', () => facades.carts.call('updateQuantity', line)],
    RemoveItem: ['ask', () => facades.carts.call('removeItem', { userId: 1n, productId: 1n })],
    ClearCart: ['ask', () => facades.carts.call('clearCart', { userId: 1n })],
    InitiateCheckout: ['saga', () => facades.checkouts.call('initiateCheckout', { userId: 1n, idempotencyKey: 'k', paymentMethod: '' })],
    GetCheckoutStatus: ['underway', () => facades.checkouts.call('getCheckoutStatus', { checkoutId: nobody, userId: 1n })],
    CancelCheckout: ['underway', () => facades.checkouts.call('cancelCheckout', { checkoutId: nobody, userId: 1n })],
    GetOrder: ['underway', () => facades.orders.call('getOrder', { orderId: nobody })],
    ListOrders: ['underway', () => facades.orders.call('listOrders', { userId: '1', pageSize: 0, pageToken: '' })],
    UpdateOrderStatus: ['underway', () => facades.orders.call('updateOrderStatus', { orderId: nobody, status: 'SHIPPED' })],
    CancelOrder: ['underway', () => facades.orders.call('cancelOrder', { orderId: nobody, userId: '1' })],
  }; // prettier-ignore
  const outcomeOf = (call: () => Promise<unknown>) =>
    call().then(
      () => 'answered',
      (error: unknown) => codeOf(error),
    );

  for (const [name, [load, call]] of Object.entries(calls))
    it(`let ${name} in as its route of the REST API, and refuse it in its turn`, async () => {
      expect(await outcomeOf(call)).not.to.equal('unavailable');
      expect(seen).to.deep.equal(load === 'ask' ? [load, 'counted'] : [load]);
      loopDelay.ms = aboveMs + 1;
      expect((await outcomeOf(call)) === 'unavailable').to.equal(load !== 'underway');
      loopDelay.ms = 2 * aboveMs + 1;
      expect(await outcomeOf(call)).to.equal('unavailable');
    });

  it('refuse when to come again, what reaches no actor and fills no log, and REST at the same time', async () => {
    loopDelay.ms = aboveMs + 1;
    const asked = open.actors.asked.length;
    const refusal: unknown = await facades.carts.call('addItem', line).catch((error: unknown) => error);
    expect(isActorError(refusal) && refusal.details).to.deep.equal({ overloaded: true, retryAfterMs: 1_000 });
    expect((await open.send('GET', '/api/v1/cart')).status).to.equal(503);
    expect(open.actors.asked).to.have.length(asked);
    expect(log.filter((text) => text.includes('overloaded'))).to.deep.equal([]);
  });
});
