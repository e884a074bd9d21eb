import { expect } from 'chai';
import type { CartView } from '../actors/cart/cart.contract.ts';
import { openTestGateway, type TestGateway } from './testing/test-gateway.ts';

const view: CartView = {
  cartId: '00000000-0000-4000-8000-000000000001',
  userId: 1,
  items: [{ productId: 3, quantity: 4, addedAt: '2026-01-01T00:00:00.000Z' }],
  version: 9,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};

describe('changing a cart', () => {
  it('goes on without its caller, and so needs no signal', async () => {
    const open = await openTestGateway();
    try {
      const call = {
        requestId: 'r-1',
        traceparent: undefined,
        tracestate: undefined,
        timeoutMs: 1000,
        get signal(): AbortSignal {
          throw new Error('an add looks at no signal');
        },
      };
      const { items } = await open.shop.carts.add(1, { productId: 2, quantity: 3 }, call);
      expect(items[0]).to.include({ productId: 2, quantity: 3 });
      expect(open.actors.asked[0]?.options).to.include({ requestId: 'r-1', timeoutMs: 1000 });
    } finally {
      await open.close();
    }
  });
});

describe('reading a cart', () => {
  const opened: TestGateway[] = [];
  const openWith = async (get: () => Promise<CartView | undefined>) => {
    const open = await openTestGateway({ cartViews: { get, put: async () => {} } });
    opened.push(open);
    return open;
  };
  afterEach(async () => {
    for (const open of opened.splice(0)) await open.close();
  });

  it('takes the view and leaves the actor alone', async () => {
    const open = await openWith(async () => view);
    const { json } = await open.send('GET', '/api/v1/cart');
    expect([json['cart_id'], json['total_price']]).to.deep.equal([view.cartId, 359.96]);
    expect(open.actors.asked).to.deep.equal([]);
  });

  it('asks the actor when there is no view, and when there is no asking for one', async () => {
    for (const get of [
      async () => undefined,
      async () => Promise.reject(new Error('connect ECONNREFUSED')),
    ]) {
      const open = await openWith(get);
      expect((await open.send('GET', '/api/v1/cart')).status).to.equal(200);
      expect(open.actors.asked.map(({ message }) => message)).to.deep.equal(['GetCart']);
    }
  });

  it('asks once for all who come while it asks', async () => {
    const readers = 30;
    let came = 0;
    let allCame = (): void => {};
    const everyone = new Promise<void>((resolve) => (allCame = resolve));
    const open = await openWith(async () => {
      came += 1;
      if (came === readers) setImmediate(allCame);
      return undefined;
    });
    open.actors.answerWith('cart', 'GetCart', async () => {
      await everyone;
      return view;
    });
    const sent = Array.from({ length: readers }, () => open.send('GET', '/api/v1/cart'));
    for (const { status, json } of await Promise.all(sent)) {
      expect([status, json['total_items']]).to.deep.equal([200, 1]);
    }
    // The first reader's, and one for those who may have been told something since it was sent.
    expect(open.actors.asked).to.have.length(2);
  });

  it('asks each user for their own', async () => {
    const open = await openWith(async () => undefined);
    const [mine, theirs] = await Promise.all([1, 2].map((as) => open.send('GET', '/api/v1/cart', { as })));
    expect([mine?.json['user_id'], theirs?.json['user_id']]).to.deep.equal([1, 2]);
  });
});
