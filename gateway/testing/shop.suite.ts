import { expect } from 'chai';
import { textOf, type Parsed, type Sent } from './test-gateway.ts';

/** A shop behind its REST API: the whole one, or the one in memory that the gateway is tested on. */
export interface ShopUnderTest {
  send(
    method: string,
    path: string,
    sent: Pick<Sent, 'json'> & { readonly as: number | 'admin' },
  ): Promise<{ readonly status: number; readonly text: string; readonly json: Parsed }>;
  /** Who has bought nothing yet. */
  newUser(): number;
}

const line = (product_id: number, quantity = 1) => ({ product_id, quantity });
const unknownId = '00000000-0000-4000-8000-000000000001';
const checkoutKeys = ['checkout_id', 'status', 'total_amount', 'currency', 'created_at', 'completed_at'];
const orderKeys = [
  ...['id', 'checkout_id', 'user_id', 'total_amount', 'currency', 'status', 'items'],
  ...['created_at', 'updated_at'],
];

/** What buyers see of carts, checkouts and orders. Whoever stands in for the shop says the same. */
export function describeShop(name: string, open: () => ShopUnderTest): void {
  describe(`${name}, as its buyers see it`, () => {
    let user: number;
    beforeEach(() => {
      user = open().newUser();
    });

    const call = (method: string, path: string, json?: unknown, as: number | 'admin' = user) =>
      open().send(method, `/api/v1${path}`, { as, ...(json === undefined ? {} : { json }) });
    const add = (...lines: readonly ReturnType<typeof line>[]) =>
      lines.reduce<Promise<unknown>>(
        (before, one) => before.then(() => call('POST', '/cart/items', one)),
        Promise.resolve(),
      );
    const checkout = (key: string, more: Readonly<Record<string, unknown>> = {}) =>
      call('POST', '/checkout', { idempotency_key: key, ...more });
    const refusal = async (answer: ReturnType<typeof call>) => {
      const { status, json } = await answer;
      expect(json, JSON.stringify(json)).to.have.keys(['error', 'code', 'request_id']);
      return `${status} ${textOf(json['code'])}`;
    };
    /** What comes by way of events comes a little later. */
    async function later(method: string, path: string, isThere: (json: Parsed) => boolean): Promise<Parsed> {
      const giveUpAt = performance.now() + 15_000;
      for (;;) {
        const { json } = await call(method, path);
        if (isThere(json)) return json;
        expect(performance.now(), `waiting for ${path}: ${JSON.stringify(json)}`).to.be.lessThan(giveUpAt);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    const firstOrder = async () => (await later('GET', '/orders', (json) => json[0] !== undefined))[0];

    it('keeps a cart', async () => {
      const empty = await call('GET', '/cart');
      expect(empty.json).to.deep.include({ user_id: user, items: [], total_items: 0, total_price: 0 });
      await add(line(1), line(2, 3));
      const summed = await call('POST', '/cart/items', line(1));
      expect(summed.status).to.equal(201);
      expect(summed.json).to.include({ total_items: 2, total_price: 2689.95 });
      expect((await call('PUT', '/cart/items/2', { quantity: 1 })).json).to.include({ total_price: 2629.97 });
      expect((await call('DELETE', '/cart/items/1')).json).to.include({ total_items: 1, total_price: 29.99 });
      expect(await refusal(call('PUT', '/cart/items/1', { quantity: 1 }))).to.equal('404 not_found');
      expect(await refusal(call('DELETE', '/cart/items/1'))).to.equal('404 not_found');
      expect(await refusal(call('POST', '/cart/items', line(2, 99)))).to.equal('409 quantity_limit');
      expect((await call('DELETE', '/cart')).json).to.deep.include({ items: [], total_price: 0 });
    });

    it('sells it: a checkout that has completed, an order, an empty cart', async () => {
      await add(line(1, 2), line(2));
      const { status, json } = await checkout('k');
      expect([status, json['status'], json['total_amount']]).to.deep.equal([201, 'COMPLETED', 2629.97]);
      expect(json).to.have.keys([...checkoutKeys, 'order_id']);
      const order = await firstOrder();
      expect(order).to.have.keys(orderKeys);
      expect(order).to.include({ status: 'CONFIRMED', user_id: user, total_amount: 2629.97 });
      expect(order?.['id']).to.equal(json['order_id']);
      await later('GET', '/cart', (cart) => cart['total_items'] === (0 as unknown));
      const path = `/checkout/${textOf(json['checkout_id'])}`;
      const shown = (await call('GET', path)).json;
      expect(shown).to.have.keys([...checkoutKeys, 'order_id', 'history']);
      expect(await refusal(call('POST', `${path}/cancel`)), 'cancelled too late').to.equal('409 conflict');
    });

    it('ends a checkout without money as FAILED, with its reason and its time', async () => {
      await add(line(1));
      for (const reason of ['card_declined', 'no_funds']) {
        const { status, json } = await checkout(reason, { payment_method: reason });
        expect(status).to.equal(201);
        expect(json).to.include({ status: 'FAILED', failure_reason: `payment_declined: ${reason}` });
        expect(json).to.have.keys([...checkoutKeys, 'failure_reason']);
        const path = `/checkout/${textOf(json['checkout_id'])}`;
        expect(await refusal(call('POST', `${path}/cancel`))).to.equal('409 conflict');
      }
      expect((await call('GET', '/orders')).text).to.equal('[]');
      expect((await call('GET', '/cart')).json).to.include({ total_items: 1 });
    });

    it('lists the checkouts of their buyer, newest first, a page at a time', async () => {
      expect((await call('GET', '/checkout')).text).to.equal('{"checkouts":[]}');
      await add(line(2));
      const failed = await checkout('1', { payment_method: 'card_declined' });
      const sold = await checkout('2');
      const idsOf = (json: Parsed) => Object.values(json['checkouts'] ?? {}).map((one) => one['checkout_id']);
      const ids = [sold, failed].map(({ json }) => json['checkout_id']);
      const all = (await call('GET', '/checkout')).json;
      expect(idsOf(all)).to.deep.equal(ids);
      expect(all['checkouts']?.[0]).to.deep.equal(sold.json);
      expect(idsOf((await call('GET', '/checkout?status=FAILED')).json)).to.deep.equal([ids[1]]);
      const first = (await call('GET', '/checkout?page_size=1')).json;
      const second = (await call('GET', `/checkout?page_size=1&page_token=${textOf(first['next_page_token'])}`)).json; // prettier-ignore
      expect([idsOf(first), idsOf(second)]).to.deep.equal([[ids[0]], [ids[1]]]);
      expect(second).to.have.keys(['checkouts']);
      expect((await call('GET', '/checkout', undefined, open().newUser())).text).to.equal('{"checkouts":[]}');
      expect(await refusal(call('GET', '/checkout?status=failed'))).to.equal('400 invalid_status');
      expect(await refusal(call('GET', '/checkout?page_token=x'))).to.equal('400 invalid_page_token');
      expect(await refusal(call('GET', '/checkout?page_size=501'))).to.equal('400 invalid_page_size');
    });

    it('gives a checkout its first answer again, and another request under its key none', async () => {
      const address = { city: 'Oslo', street: '1 Main Street' };
      for (const payment_method of ['card_declined', 'card']) {
        await add(line(2));
        const first = await checkout(payment_method, { payment_method, shipping_address: address });
        const reordered = { street: address.street, city: address.city };
        const again = await checkout(payment_method, { shipping_address: reordered, payment_method });
        expect([again.status, again.text]).to.deep.equal([200, first.text]);
        for (const other of [
          { payment_method },
          { shipping_address: address },
          { payment_method, shipping_address: { city: 'Oslo' } },
          { payment_method: 'no_funds', shipping_address: address },
        ]) {
          const refused = await refusal(checkout(payment_method, other));
          expect(refused, JSON.stringify(other)).to.equal('409 idempotency_key_reused');
        }
      }
    });

    it('refuses a checkout of nothing, and takes its key later', async () => {
      expect(await refusal(checkout('k'))).to.equal('400 empty_cart');
      await add(line(2));
      expect((await checkout('k')).status).to.equal(201);
    });

    it('shows checkouts and orders to their buyer and to admins, and tells nobody else that there are any', async () => {
      await add(line(2));
      const { json } = await checkout('k');
      const order = await firstOrder();
      const stranger = open().newUser();
      for (const [kind, id] of [
        ['checkout', textOf(json['checkout_id'])],
        ['orders', textOf(order?.['id'])],
      ] as const) {
        for (const [method, rest] of [
          ['GET', ''],
          ['POST', '/cancel'],
        ] as const) {
          const told = async (someId: string) => {
            const { status, json } = await call(method, `/${kind}/${someId}${rest}`, undefined, stranger);
            return { status, ...json, request_id: undefined };
          };
          const foreign = await told(id);
          expect(foreign, `${method} ${kind}`).to.include({ status: 404, code: 'not_found' });
          expect(foreign, `${method} ${kind}`).to.deep.equal(await told(unknownId));
        }
        expect((await call('GET', `/${kind}/${id}`, undefined, 'admin')).status, kind).to.equal(200);
      }
    });

    it('cancels an order once, and moves another along its life', async () => {
      await add(line(2));
      await checkout('cancelled');
      const path = `/orders/${textOf((await firstOrder())?.['id'])}`;
      for (let time = 1; time <= 2; time++) {
        const { status, json } = await call('POST', `${path}/cancel`);
        expect([status, json['status']], `time ${time}`).to.deep.equal([200, 'CANCELLED']);
      }
      expect(await refusal(call('PATCH', `${path}/status`, { status: 'SHIPPED' }, 'admin'))).to.equal(
        '409 conflict',
      );

      user = open().newUser();
      await add(line(2));
      await checkout('shipped');
      const other = `/orders/${textOf((await firstOrder())?.['id'])}`;
      for (const status of ['PROCESSING', 'SHIPPED']) {
        const moved = await call('PATCH', `${other}/status`, { status }, 'admin');
        expect([moved.status, moved.json['status']]).to.deep.equal([200, status]);
      }
      expect(await refusal(call('POST', `${other}/cancel`))).to.equal('409 conflict');
    });
  });
}
