import { expect } from 'chai';
import type { Client, ClientOptions } from './index.ts';
import { errorOf } from './testing/error-of.ts';
import { ScriptedShop, answer, cut, refuse, stall, type Act } from './testing/scripted-shop.ts';

const id = 'b7a1c1c0-0000-4000-8000-000000000001';
const checkout = (status: string) => ({
  ...{ checkout_id: id, status, total_amount: 2.5, currency: 'USD', created_at: '' },
});
const accepted = answer(202, checkout('INITIATED'), { Location: `/api/v1/checkout/${id}` });
const paying = answer(200, checkout('PAYMENT_PENDING'));
const completed = answer(200, checkout('COMPLETED'));

describe('a checkout of the client', () => {
  let shop: ScriptedShop;
  afterEach(() => shop.close());

  async function open(acts: readonly Act[], options: Partial<ClientOptions> = {}): Promise<Client> {
    shop = await ScriptedShop.open(...acts);
    return shop.client(options);
  }
  const run = (client: Client, options = {}) => shop.outcomeOf(client.checkouts.run({}, options));
  const sent = () => shop.received.map(({ method, path, atMs }) => `${atMs} ${method} ${path}`);
  const place = `/api/v1/checkout/${id}`;

  it('has its key in the body, where it names the checkout', async () => {
    const client = await open([answer(201, checkout('COMPLETED'))]);
    await shop.outcomeOf(client.checkouts.run({ payment_method: 'card' }));
    await shop.outcomeOf(client.checkouts.run({}, { idempotencyKey: 'mine' }));
    expect(shop.received.map(({ body }) => body)).to.deep.equal([
      { payment_method: 'card', idempotency_key: 'key-1' },
      { idempotency_key: 'mine' },
    ]);
    expect(shop.received[0]?.headers).not.to.have.property('idempotency-key');
  });

  it('that was declined has ended, as any other', async () => {
    const client = await open([answer(201, checkout('FAILED'))]);
    expect(await run(client)).to.deep.equal(checkout('FAILED'));
  });

  it('that outlasts its request is followed to its end, with longer and longer waits', async () => {
    const client = await open([accepted, paying, paying, cut, paying, refuse(503, 'unavailable'), completed]);
    expect(await run(client)).to.deep.equal(checkout('COMPLETED'));
    expect(sent()).to.deep.equal([
      '0 POST /api/v1/checkout',
      ...[`0 GET ${place}`, `100 GET ${place}`, `300 GET ${place}`],
      ...[`400 GET ${place}`, `800 GET ${place}`, `900 GET ${place}`],
    ]);
  });

  it('that nobody knows of is joined under its key', async () => {
    const client = await open([cut, refuse(504, 'deadline_exceeded'), accepted, completed]);
    expect(await run(client)).to.deep.equal(checkout('COMPLETED'));
    const keys = shop.received.slice(0, 3).map(({ body }) => body);
    expect(keys).to.deep.equal(Array(3).fill({ idempotency_key: 'key-1' }));
  });

  it('is not followed to another host, which would get the token', async () => {
    const elsewhere = await ScriptedShop.open(completed);
    try {
      const Location = `${elsewhere.url}${place}`;
      const client = await open([answer(202, checkout('INITIATED'), { Location }), completed]);
      await run(client);
      expect(elsewhere.received).to.deep.equal([]);
      expect(sent()).to.deep.equal(['0 POST /api/v1/checkout', `0 GET ${place}`]);
    } finally {
      await elsewhere.close();
    }
  });

  const underWay = { outcomeUnknown: true, checkoutId: id, idempotencyKey: 'key-1' };

  it('that does not end in time runs on', async () => {
    const client = await open([accepted, paying]);
    expect(await errorOf(run(client))).to.include({ ...underWay, code: 'timed_out' });
    expect(shop.clock.monotonic()).to.equal(180_000);
  });

  it('whose end can not be learned runs on', async () => {
    const client = await open([accepted, refuse(404, 'not_found')]);
    expect(await errorOf(run(client))).to.include({ ...underWay, code: 'not_found', status: 404 });
  });

  it('that its caller gives up runs on', async () => {
    const giveUp = new AbortController();
    const client = await open([accepted, paying]);
    shop.clock.schedule(5000, () => giveUp.abort());
    const error = await errorOf(run(client, { signal: giveUp.signal }));
    expect(error).to.include({ ...underWay, code: 'cancelled' });
    expect(shop.clock.monotonic()).to.equal(5000);
  });

  it('of which nothing was heard may have been accepted', async () => {
    const client = await open([stall]);
    const error = await errorOf(run(client, { timeoutMs: 1000 }));
    expect(error).to.include({ ...underWay, code: 'timed_out', checkoutId: undefined });
  });

  it('that was never accepted says why', async () => {
    const client = await open([refuse(400, 'empty_cart')]);
    expect(await errorOf(run(client))).to.include({ code: 'empty_cart', status: 400, outcomeUnknown: false });
  });

  it('that was started before is followed by its id', async () => {
    const client = await open([paying, completed]);
    expect(await shop.outcomeOf(client.checkouts.follow(id))).to.deep.equal(checkout('COMPLETED'));
    expect(sent()).to.deep.equal([`0 GET ${place}`, `100 GET ${place}`]);
  });
});
