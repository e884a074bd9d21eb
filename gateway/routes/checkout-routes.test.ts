import { expect } from 'chai';
import { ShopError } from '../error-table.ts';
import { checkoutIdFor } from '../../actors/checkout/checkout.contract.ts';
import { openTestGateway, textOf, type TestGateway } from '../testing/test-gateway.ts';

const never = new Promise<never>(() => {});
const late = (
  _key: string,
  _input: unknown,
  { timeoutMs = 0 }: { readonly timeoutMs?: number | undefined },
) =>
  new Promise((_resolve, reject) => {
    setTimeout(() => reject(new ShopError('deadline_exceeded', 'no answer')), timeoutMs);
  });

describe('checkout routes', () => {
  let open: TestGateway;
  beforeEach(async () => {
    open = await openTestGateway({ requestTimeoutMs: 200 });
    for (const as of [1, 2]) {
      await open.send('POST', '/api/v1/cart/items', { as, json: { product_id: 1, quantity: 2 } });
      await open.send('POST', '/api/v1/cart/items', { as, json: { product_id: 2, quantity: 1 } });
    }
  });
  afterEach(() => open.close());

  const start = (json: Readonly<Record<string, unknown>>, as = 1) =>
    open.send('POST', '/api/v1/checkout', { json, as });

  it('answers 201 to who started it and 200 to who comes again', async () => {
    const first = await start({
      idempotency_key: 'k',
      shipping_address: { city: 'Oslo' },
      payment_method: 'card',
    });
    expect(first.status).to.equal(201);
    expect(first.json).to.include({ status: 'COMPLETED', total_amount: 2629.97, currency: 'USD' });
    expect(first.json).to.have.keys([
      'checkout_id',
      'status',
      'total_amount',
      'currency',
      'created_at',
      'completed_at',
      'order_id',
    ]);
    const again = await start({
      payment_method: 'card',
      shipping_address: { city: 'Oslo' },
      idempotency_key: 'k',
    });
    expect([again.status, again.text]).to.deep.equal([200, first.text]);
    const [asked] = open.actors.asked.filter(({ message }) => message === 'Start');
    expect(asked?.input).to.deep.equal({
      userId: 1,
      idempotencyKey: 'k',
      shippingAddress: { city: 'Oslo' },
      paymentMethod: 'card',
    });
  });

  it('gives another user another checkout under the same key', async () => {
    const [mine, theirs] = [await start({ idempotency_key: 'k' }), await start({ idempotency_key: 'k' }, 2)];
    expect(theirs.status).to.equal(201);
    expect(theirs.json['checkout_id']).not.to.equal(mine.json['checkout_id']);
  });

  it('answers 201 to a payment that was declined: the saga did its work', async () => {
    const { status, json } = await start({ idempotency_key: 'k', payment_method: 'card_declined' });
    expect(status).to.equal(201);
    expect(json).to.include({ status: 'FAILED', failure_reason: 'payment_declined: card_declined' });
  });

  it('shows a checkout with its history to its owner only', async () => {
    const id = textOf((await start({ idempotency_key: 'k' })).json['checkout_id']);
    const { status, json } = await open.send('GET', `/api/v1/checkout/${id.toUpperCase()}`);
    expect(status).to.equal(200);
    expect(json['history']?.[0]).to.include({ status: 'INITIATED' });
    expect((await open.send('GET', `/api/v1/checkout/${id}`, { as: 2 })).status).to.equal(404);
    expect((await open.send('POST', `/api/v1/checkout/${id}/cancel`, { as: 2 })).status).to.equal(404);
    const late = await open.send('POST', `/api/v1/checkout/${id}/cancel`);
    expect([late.status, late.json['code']]).to.deep.equal([409, 'conflict']);
  });

  it('answers 202 with Location while the checkout still runs', async () => {
    const id = checkoutIdFor(1, 'k');
    await start({ idempotency_key: 'k', payment_method: 'card_declined' });
    open.actors.answerWith('checkout', 'Start', late);
    const { status, json, headers } = await start({ idempotency_key: 'k' });
    expect(status).to.equal(202);
    expect(headers.get('location')).to.equal(`/api/v1/checkout/${id}`);
    expect(json['checkout_id']).to.equal(id);
    expect(json).not.to.have.property('history');
  });

  it('answers 504 when it is not known whether the checkout was accepted', async () => {
    open.actors.answerWith('checkout', 'Start', late);
    const { status, json } = await start({ idempotency_key: 'k' });
    expect([status, json['code']]).to.deep.equal([504, 'deadline_exceeded']);
  });

  it('answers 504 at the deadline, whatever hangs, and lets go of it', async () => {
    let aborted: AbortSignal | undefined;
    open.actors.answerWith('checkout', 'Start', (_key: string, _input: unknown, { signal }) => {
      aborted = signal;
      return never;
    });
    const { status, json } = await start({ idempotency_key: 'k' });
    expect([status, json['code']]).to.deep.equal([504, 'deadline_exceeded']);
    expect(aborted?.aborted).to.equal(true);
  });

  it('lets go when the caller has gone', async () => {
    const gone = new AbortController();
    const left = new Promise<void>((resolve) => {
      open.actors.answerWith('checkout', 'Start', (_key: string, _input: unknown, { signal }) => {
        signal?.addEventListener('abort', () => resolve());
        gone.abort();
        return never;
      });
    });
    const sent = open.send('POST', '/api/v1/checkout', {
      json: { idempotency_key: 'k' },
      signal: gone.signal,
    });
    await sent.then(
      () => expect.fail('answered'),
      () => left,
    );
  });

  it('takes the names that force an outcome only where they do', async () => {
    const open = await openTestGateway({ forcingPaymentMethods: false });
    try {
      await open.send('POST', '/api/v1/cart/items', { json: { product_id: 1, quantity: 1 } });
      const pay = (payment_method: string) =>
        open.send('POST', '/api/v1/checkout', { json: { idempotency_key: payment_method, payment_method } });
      expect((await pay('card_declined')).json['code']).to.equal('invalid_payment_method');
      expect((await pay('card')).status).to.equal(201);
    } finally {
      await open.close();
    }
  });
});
