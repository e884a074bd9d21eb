import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { codeOf, silentLogger, systemClock } from '@trolley/runtime';
import { openGrpcClient } from '../../actors/services/grpc/grpc.client.ts';
import { openGrpcServer } from '../../actors/services/grpc/grpc-server.ts';
import { CheckoutStatus } from '../../proto/gen/checkout/checkout.ts';
import { OrdersServiceService } from '../../proto/gen/orders/orders.ts';
import type { Orders } from '../orders.ts';
import { openTestFacades, type TestFacades } from '../testing/test-facades.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { ordersFacade } from './orders-facade.ts';

const unknown = '00000000-0000-4000-8000-000000000001';

describe('gRPC façades', () => {
  let open: TestGateway;
  let facades: TestFacades;

  beforeEach(async () => {
    open = await openTestGateway();
    facades = await openTestFacades(open.shop);
  });
  afterEach(async () => {
    await facades.close();
    await open.close();
  });

  const codeFor = (answer: Promise<unknown>) =>
    answer.then(
      () => 'answered',
      (error: unknown) => codeOf(error),
    );
  const line = (productId: number, quantity: number) => ({
    userId: 1n,
    productId: BigInt(productId),
    quantity,
  });
  const checkout = { userId: 1n, idempotencyKey: 'k', paymentMethod: '' };

  it('change the same cart that REST shows', async () => {
    const context = {
      requestId: 'r-5',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const { cart } = await facades.carts.call('addItem', line(1, 2), context);
    expect(cart).to.deep.include({ userId: 1n, version: 1n });
    expect(cart?.cart[0]).to.include({ productId: 1n, quantity: 2 });
    expect(open.actors.asked[0]?.options).to.include(context);
    expect((await open.send('GET', '/api/v1/cart')).json['total_price']).to.equal(2599.98);
    await facades.carts.call('updateQuantity', line(1, 5));
    expect((await facades.carts.call('getCart', { userId: 1n })).cart?.cart[0]?.quantity).to.equal(5);
    expect((await facades.carts.call('removeItem', line(1, 0))).cart?.cart).to.deep.equal([]);
    expect((await facades.carts.call('clearCart', { userId: 1n })).cart?.cart).to.deep.equal([]);
  });

  it('refuse what is wrong with a cart call', async () => {
    expect(await codeFor(facades.carts.call('addItem', line(0, 1)))).to.equal('invalid_product_id');
    expect(await codeFor(facades.carts.call('addItem', { ...line(1, 1), productId: 2n ** 62n }))).to.equal(
      'invalid_product_id',
    );
    expect(await codeFor(facades.carts.call('addItem', line(1, 100)))).to.equal('invalid_quantity');
    expect(await codeFor(facades.carts.call('addItem', line(999, 1)))).to.equal('not_found');
    expect(await codeFor(facades.carts.call('updateQuantity', line(1, 1)))).to.equal('not_found');
    for (const userId of [0n, -1n, 2n ** 62n]) {
      expect(await codeFor(facades.carts.call('getCart', { userId })), String(userId)).to.equal(
        'invalid_request',
      );
    }
  });

  it('tell nobody else that there is a checkout or an order', async () => {
    await facades.carts.call('addItem', line(2, 1));
    const { checkoutId } = await facades.checkouts.call('initiateCheckout', checkout);
    const orderId = [...open.memory.placed.values()][0]?.id ?? '';
    const told = (answer: Promise<unknown>) => answer.then(() => 'shown', String);
    for (const ask of [
      (id: string) => facades.checkouts.call('getCheckoutStatus', { checkoutId: id, userId: 2n }),
      (id: string) => facades.checkouts.call('cancelCheckout', { checkoutId: id, userId: 2n }),
      (id: string) => facades.orders.call('getOrder', { orderId: id }, { userId: '2' }),
      (id: string) => facades.orders.call('cancelOrder', { orderId: id, userId: '2' }),
    ]) {
      const foreign = [await told(ask(checkoutId)), await told(ask(orderId))];
      expect(new Set(foreign)).to.deep.equal(new Set([await told(ask(unknown))]));
      expect(foreign[0]).to.contain('there is no such');
    }
  });

  it('take names of payment methods that are known, and no card', async () => {
    await facades.carts.call('addItem', line(2, 1));
    const asked = open.actors.asked.length;
    for (const paymentMethod of ['bitcoin', '4111111111111111', 'tok_4111-1111-1111-1111', 'a b1']) {
      const refusal = await codeFor(
        facades.checkouts.call('initiateCheckout', { ...checkout, paymentMethod }),
      );
      expect(refusal, paymentMethod).to.equal('invalid_payment_method');
    }
    expect(open.actors.asked).to.have.length(asked);
    const paid = await facades.checkouts.call('initiateCheckout', { ...checkout, paymentMethod: 'tok_visa' });
    expect(paid).to.include({ status: CheckoutStatus.COMPLETED });
  });

  it('take no call of a user that is none for a call without one', async () => {
    for (const userId of ['0', 'bob', '7,8'])
      expect(
        await codeFor(facades.orders.call('getOrder', { orderId: unknown }, { userId })),
        userId,
      ).to.equal('invalid_request');
    expect(await codeFor(facades.orders.call('getOrder', { orderId: unknown }, { userId: '7' }))).to.equal(
      'not_found',
    );
  });

  it('list orders in pages that a client can take', async () => {
    const item = { productId: 1, productName: '漢'.repeat(200), quantity: 1, unitPriceCents: 1 };
    const view = {
      ...{
        id: unknown,
        checkoutId: unknown,
        userId: 1,
        totalCents: 50,
        currency: 'USD',
        status: 'CONFIRMED' as const,
      },
      ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z', version: 1 },
      items: Array.from({ length: 50 }, () => item),
    };
    const all: Orders['list'] = (_user, { pageSize = 100 }) =>
      Promise.resolve({
        orders: Array.from({ length: pageSize }, () => view),
        nextPageToken: `after ${pageSize}`,
      });
    const options = { clock: systemClock, newId: randomUUID, requestTimeoutMs: 5000 };
    const large = await openGrpcServer({
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      services: [ordersFacade({ ...open.shop.orders, list: all }, options)],
    });
    const client = openGrpcClient(OrdersServiceService, { address: `127.0.0.1:${large.port}` });
    const page = await client.call('listOrders', { userId: '1', pageSize: 500, pageToken: '' });
    client.close();
    await large.close();
    expect(page.orders).to.have.length.within(50, 499);
    expect(page.nextPageToken).to.equal(`after ${page.orders.length}`);
  });

  it('check out', async () => {
    expect(await codeFor(facades.checkouts.call('initiateCheckout', checkout))).to.equal('empty_cart');
    await facades.carts.call('addItem', line(2, 1));
    const shippingAddress = { recipient: 'A', line1: '', line2: '', city: 'Oslo', region: '', postalCode: '0150', country: '', phone: '' }; // prettier-ignore
    const started = await facades.checkouts.call('initiateCheckout', { ...checkout, shippingAddress });
    expect(started).to.include({ status: CheckoutStatus.COMPLETED, failureReason: '' });
    expect(open.actors.asked.at(-1)?.input).to.deep.equal({
      userId: 1,
      idempotencyKey: 'k',
      shippingAddress: { recipient: 'A', city: 'Oslo', postal_code: '0150' },
    });
    expect(await codeFor(facades.checkouts.call('initiateCheckout', checkout))).to.equal(
      'idempotency_key_reused',
    );
    const { checkoutId } = started;
    const session = await facades.checkouts.call('getCheckoutStatus', { checkoutId, userId: 1n });
    expect(session).to.include({ checkoutId, userId: 1n, totalCents: 2999n });
    expect(session.history).to.have.length(1);
    expect(await codeFor(facades.checkouts.call('getCheckoutStatus', { checkoutId, userId: 2n }))).to.equal(
      'not_found',
    );
    expect(await codeFor(facades.checkouts.call('cancelCheckout', { checkoutId, userId: 1n }))).to.equal(
      'conflict',
    );
  });

  it('wait for a checkout no longer than the caller does', async () => {
    await facades.carts.call('addItem', line(2, 1));
    await facades.checkouts.call('initiateCheckout', checkout, { timeoutMs: 2000 });
    const started = open.actors.asked.find(({ message }) => message === 'Start');
    expect(started?.options.timeoutMs).to.be.greaterThan(0).and.at.most(1600);
  });

  it('refuse what is wrong with a checkout call', async () => {
    const wrongKey = facades.checkouts.call('initiateCheckout', { ...checkout, idempotencyKey: '' });
    expect(await codeFor(wrongKey)).to.equal('missing_idempotency_key');
    const malformed = facades.checkouts.call('getCheckoutStatus', { checkoutId: 'x', userId: 1n });
    expect(await codeFor(malformed)).to.equal('invalid_request');
    const missing = facades.checkouts.call('getCheckoutStatus', { checkoutId: unknown, userId: 1n });
    expect(await codeFor(missing)).to.equal('not_found');
  });

  it('show and move orders', async () => {
    const list = (pageSize = 0, userId = '1') =>
      facades.orders.call('listOrders', { userId, pageSize, pageToken: '' });
    expect(await list()).to.deep.equal({ orders: [], nextPageToken: '' });
    for (const idempotencyKey of ['a', 'b']) {
      await facades.carts.call('addItem', line(2, 1));
      await facades.checkouts.call('initiateCheckout', { ...checkout, idempotencyKey });
    }
    const page = await list(1);
    expect([page.orders.length, page.nextPageToken]).to.deep.equal([1, '1']);
    expect(page.orders[0]).to.deep.include({ userId: '1', totalAmount: 29.99, status: 'CONFIRMED' });
    const orderId = page.orders[0]?.id ?? '';
    expect((await facades.orders.call('getOrder', { orderId })).order?.items[0]).to.include({
      productId: 2n,
      price: 29.99,
    });
    expect(await codeFor(facades.orders.call('getOrder', { orderId }, { userId: '2' }))).to.equal(
      'not_found',
    );
    expect(await codeFor(facades.orders.call('cancelOrder', { orderId, userId: '2' }))).to.equal('not_found');
    const moved = await facades.orders.call('updateOrderStatus', { orderId, status: 'PROCESSING' });
    expect(moved.order?.status).to.equal('PROCESSING');
    expect((await facades.orders.call('cancelOrder', { orderId, userId: '1' })).order?.status).to.equal(
      'CANCELLED',
    );
    expect(await codeFor(facades.orders.call('updateOrderStatus', { orderId, status: 'SHIPPED' }))).to.equal(
      'conflict',
    );
  });

  it('refuse what is wrong with an orders call', async () => {
    expect(await codeFor(facades.orders.call('getOrder', { orderId: 'x' }))).to.equal('invalid_order_id');
    expect(await codeFor(facades.orders.call('getOrder', { orderId: unknown }))).to.equal('not_found');
    const wrongStatus = facades.orders.call('updateOrderStatus', { orderId: unknown, status: 'LOST' });
    expect(await codeFor(wrongStatus)).to.equal('invalid_status');
    for (const userId of ['', 'x', '0']) {
      const listed = facades.orders.call('listOrders', { userId, pageSize: 0, pageToken: '' });
      expect(await codeFor(listed), userId).to.equal('invalid_request');
    }
    for (const pageSize of [-1, 501]) {
      const listed = facades.orders.call('listOrders', { userId: '1', pageSize, pageToken: '' });
      expect(await codeFor(listed), String(pageSize)).to.equal('invalid_page_size');
    }
  });
});
