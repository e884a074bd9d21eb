import { expect } from 'chai';
import { openTestGateway, tokenFor, type TestGateway } from '../testing/test-gateway.ts';
import { createClient, type CartChange, type Client, type VersionedCart } from './index.ts';
import { errorOf } from './testing/error-of.ts';
import { LossyProxy } from './testing/lossy-proxy.ts';

const maxAttempts = 40;
const quantities = ({ items }: VersionedCart) =>
  items.map(({ product_id, quantity }) => [product_id, quantity]);

describe('a client on the gateway', () => {
  let open: TestGateway;
  let proxy: LossyProxy;
  let client: Client;
  let admin: Client;
  beforeEach(async () => {
    open = await openTestGateway();
    proxy = await LossyProxy.open(open.gateway.url);
    const clientOf = async (...roles: string[]) =>
      createClient({ url: proxy.url, token: await tokenFor(1, roles), random: () => 0 });
    [client, admin] = [await clientOf(), await clientOf('admin')];
  });
  afterEach(async () => {
    await proxy.close();
    await open.close();
  });

  it('fills a cart, buys it and finds the order, a page at a time', async () => {
    await client.cart.add({ product_id: 1, quantity: 2 });
    await client.cart.add({ product_id: 2, quantity: 1 });
    expect(quantities(await client.cart.setQuantity({ product_id: 1, quantity: 1 }))).to.deep.equal([
      [1, 1],
      [2, 1],
    ]);
    const cart = await client.cart.remove(2);
    expect(await client.cart.get()).to.deep.equal(cart);
    const sold = await client.checkouts.run({ shipping_address: { city: 'Oslo' } });
    expect(sold).to.include({ status: 'COMPLETED', total_amount: 1299.99 });
    expect(await client.checkouts.get(sold.checkout_id)).to.include(sold);
    expect((await client.checkouts.list({ status: 'COMPLETED' })).checkouts).to.deep.equal([sold]);

    await client.cart.add({ product_id: 3, quantity: 1 });
    await client.checkouts.run();
    const first = await client.orders.list({ page_size: 1 });
    const second = await client.orders.list({ page_size: 1, page_token: first.next_page_token ?? '' });
    expect(first.orders[0]?.items[0]).to.include({ product_id: 3 });
    expect(second.orders.map(({ id }) => id)).to.deep.equal([sold.order_id]);
    expect(second).not.to.have.property('next_page_token');
    expect((await client.orders.cancel(sold.order_id ?? '')).status).to.equal('CANCELLED');
    expect(await errorOf(client.checkouts.cancel(sold.checkout_id))).to.include({
      code: 'conflict',
      status: 409,
    });
    expect(quantities(await client.cart.clear())).to.deep.equal([]);
  });

  it('keeps the catalogue, as an admin', async () => {
    const lamp = await admin.products.create({ name: 'Lamp', price: 19.9, stock: 3 });
    expect(lamp).to.include({ name: 'Lamp', price: 19.9, stock: 3, description: '' });
    expect(await admin.products.update(lamp.id, { price: 18 })).to.include({ name: 'Lamp', price: 18 });
    expect(await client.products.get(1)).to.include({ name: 'Laptop' });
    expect((await client.products.list({ q: 'lap' })).products.map(({ id }) => id)).to.include(1);
    await admin.products.delete(lamp.id);
    expect(await errorOf(admin.products.get(lamp.id))).to.include({ code: 'not_found', status: 404 });
    expect(await errorOf(client.products.delete(1))).to.include({ code: 'forbidden', status: 403 });
  });

  it('moves an order, as an admin', async () => {
    await client.cart.add({ product_id: 1, quantity: 1 });
    const { order_id: id = '' } = await client.checkouts.run();
    expect((await admin.orders.setStatus(id, 'PROCESSING')).status).to.equal('PROCESSING');
    expect((await client.orders.get(id)).status).to.equal('PROCESSING');
  });

  it('makes each change once, though answers are lost', async () => {
    // Each answer to a new key is lost twice.
    proxy.loses = 2;
    for (let times = 1; times <= 5; times += 1) await client.cart.add({ product_id: 2, quantity: 1 });
    expect(quantities(await client.cart.get())).to.deep.equal([[2, 5]]);
    const { order_id: id = '', ...sold } = await client.checkouts.run();
    expect(sold).to.include({ status: 'COMPLETED', total_amount: 149.95 });
    expect((await client.orders.list()).orders.map((order) => order.id)).to.deep.equal([id]);
    expect((await client.orders.cancel(id)).status).to.equal('CANCELLED');
    expect(proxy.lost).to.equal(2 * 7);
  });

  describe('that updates a cart', () => {
    const oneMore = (cart: VersionedCart): CartChange => {
      const held = cart.items.find(({ product_id }) => product_id === 2)?.quantity ?? 0;
      const line = { product_id: 2, quantity: held + 1 };
      return held === 0 ? { add: line } : { set: line };
    };

    it('loses none of the changes that others make meanwhile, and makes each once', async () => {
      proxy.loses = 1;
      const clients = await Promise.all(
        Array.from({ length: 5 }, async () =>
          createClient({ url: proxy.url, token: await tokenFor(1), maxAttempts }),
        ),
      );
      await Promise.all(clients.flatMap((one) => [one.cart.update(oneMore), one.cart.update(oneMore)]));
      expect(quantities(await client.cart.get())).to.deep.equal([[2, 10]]);
    });

    it('changes nothing where there is nothing to change', async () => {
      const cart = await client.cart.add({ product_id: 1, quantity: 1 });
      expect(await client.cart.update(() => undefined)).to.deep.equal(cart);
    });

    it('gives up where somebody else is quicker each time', async () => {
      let looks = 0;
      const slow = createClient({ url: proxy.url, token: await tokenFor(1), maxAttempts: 3 });
      const error = await errorOf(
        slow.cart.update(async () => {
          looks += 1;
          await client.cart.add({ product_id: 1, quantity: 1 });
          return { clear: true };
        }),
      );
      expect(error).to.include({ code: 'precondition_failed', status: 412, outcomeUnknown: false });
      expect(error.details).to.deep.equal({ etag: (await client.cart.get()).etag });
      expect(looks).to.equal(3);
    });

    it('passes on what its caller throws', async () => {
      const wrong = new Error('out of ideas');
      const thrown = await client.cart
        .update(() => {
          throw wrong;
        })
        .catch((error: unknown) => error);
      expect(thrown).to.equal(wrong);
    });
  });
});
