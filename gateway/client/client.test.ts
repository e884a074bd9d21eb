import { expect } from 'chai';
import type { Client, ClientOptions } from './index.ts';
import { errorOf } from './testing/error-of.ts';
import { Transport } from './transport.ts';
import {
  ScriptedShop,
  answer,
  cut,
  halfAnAnswer,
  page,
  refuse,
  stall,
  type Act,
} from './testing/scripted-shop.ts';

const line = { product_id: 1, quantity: 2 };
const cart = { cart_id: 'c', user_id: 1, items: [], total_items: 0, total_price: 0, updated_at: '' };
const ok = answer(200, cart, { ETag: '"7"' });
const minute = 60_000;

const thrownBy = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('the call was answered'),
    (error: unknown) => error,
  );

describe('a call of the client', () => {
  let shop: ScriptedShop;
  afterEach(() => shop.close());

  async function open(acts: readonly Act[], options: Partial<ClientOptions> = {}): Promise<Client> {
    shop = await ScriptedShop.open(...acts);
    return shop.client(options);
  }
  const added = (client: Client, options = {}) => shop.outcomeOf(client.cart.add(line, options));
  const read = (client: Client) => shop.outcomeOf(client.cart.get());
  const sentAt = () => shop.received.map(({ atMs }) => atMs);

  for (const [what, act] of [
    ['was taken and not answered', cut],
    ['was answered by half', halfAnAnswer],
    ['met a shop that is down', refuse(503, 'unavailable')],
    ['met a proxy without a shop', page(502)],
    ['was not answered in time, by the word of the shop', refuse(504, 'deadline_exceeded')],
    ['came too often', refuse(429, 'rate_limited')],
    ['met a full mailbox', refuse(429, 'mailbox_full')],
    ['arrived too slowly', refuse(408, 'request_timeout')],
    ['was overtaken', refuse(409, 'aborted')],
  ] as const) {
    it(`that ${what} is made again, under the same key`, async () => {
      const client = await open([act, act, answer(201, cart, { ETag: '"7"' })]);
      expect(await added(client)).to.deep.equal({ ...cart, etag: '"7"' });
      expect(sentAt()).to.deep.equal([0, 100, 300]);
      for (const { method, path, headers, body } of shop.received) {
        expect([method, path, body]).to.deep.equal(['POST', '/api/v1/cart/items', line]);
        expect(headers).to.include({ 'idempotency-key': 'key-1', authorization: 'Bearer t' });
      }
    });
  }

  for (const [what, act, code, outcomeUnknown] of [
    ['is against a rule', refuse(409, 'quantity_limit'), 'quantity_limit', false],
    ['has a code of a newer shop', refuse(409, 'of_a_newer_shop'), 'of_a_newer_shop', false],
    ['was done, and its answer forgotten', refuse(409, 'answer_dropped'), 'answer_dropped', true],
    ['is for another version', refuse(412, 'precondition_failed'), 'precondition_failed', false],
    ['is not understood', refuse(400, 'invalid_request'), 'invalid_request', false],
    ['met a fault', refuse(500, 'internal'), 'internal', true],
    ['was answered by a page', page(200), 'not_understood', true],
    ['was sent elsewhere', page(302, { Location: 'https://example.org' }), 'not_understood', true],
  ] as const) {
    it(`that ${what} is made once`, async () => {
      const client = await open([act, ok]);
      const error = await errorOf(added(client));
      expect(error).to.include({ code, outcomeUnknown, attempts: 1, idempotencyKey: 'key-1' });
      expect(shop.received).to.have.length(1);
    });
  }

  it('says of a refusal what the shop says', async () => {
    const client = await open([refuse(412, 'precondition_failed', { ETag: '"8"' })]);
    const error = await errorOf(added(client, { ifMatch: '"7"' }));
    expect(error).to.include({ message: 'it is precondition_failed', status: 412, requestId: 'r' });
    expect(error.details).to.deep.equal({ etag: '"8"' });
    expect(shop.received[0]?.headers['if-match']).to.equal('"7"');
  });

  it('is tried as often as was said, and then nobody knows what came of it', async () => {
    const client = await open([cut], { maxAttempts: 4 });
    expect(await errorOf(added(client))).to.include({
      ...{ code: 'no_answer', status: undefined, attempts: 4 },
      ...{ outcomeUnknown: true, idempotencyKey: 'key-1' },
    });
    expect(sentAt()).to.deep.equal([0, 100, 300, 700]);
  });

  it('that was only ever turned away has not happened', async () => {
    const client = await open([refuse(429, 'rate_limited')], { maxAttempts: 3 });
    expect(await errorOf(added(client))).to.include({ outcomeUnknown: false, attempts: 3 });
  });

  it('that was refused after a try without an answer may have happened', async () => {
    const client = await open([cut, refuse(401, 'unauthorized')]);
    expect(await errorOf(added(client))).to.include({ code: 'unauthorized', outcomeUnknown: true });
  });

  it('for a version that the cart no longer has can not have happened', async () => {
    const client = await open([cut, refuse(412, 'precondition_failed')]);
    const error = await errorOf(added(client));
    expect(error).to.include({ code: 'precondition_failed', outcomeUnknown: false });
  });

  it('that only reads leaves nothing unknown', async () => {
    const client = await open([cut], { maxAttempts: 2 });
    const error = await errorOf(read(client));
    expect(error).to.include({ code: 'no_answer', outcomeUnknown: false, idempotencyKey: undefined });
    expect(shop.received[0]?.headers).not.to.have.property('idempotency-key');
  });

  it('has a key of its own, or the one that it is given', async () => {
    const client = await open([ok]);
    await added(client);
    await added(client, { idempotencyKey: 'mine' });
    await shop.outcomeOf(client.orders.cancel('o'));
    const keys = shop.received.map(({ headers }) => headers['idempotency-key']);
    expect(keys).to.deep.equal(['key-1', 'mine', 'key-2']);
  });

  it('that changes something without a key is made once', async () => {
    await open([cut, ok]);
    const backOff = { firstMs: 100, maxMs: 100, random: () => 0 };
    const limits = { maxAttempts: 5, attemptTimeoutMs: 1000 };
    const transport = new Transport({ ...limits, token: 't', fetch, clock: shop.clock, backOff });
    const request = { method: 'POST', url: shop.url, headers: {} };
    const error = await errorOf(transport.send(request, transport.deadline(minute, undefined)));
    expect(error).to.include({ code: 'no_answer', outcomeUnknown: true, attempts: 1 });
    expect(shop.received).to.have.length(1);
  });

  it('with what can not be sent says so, and sends nothing', async () => {
    const client = await open([ok]);
    for (const idempotencyKey of ['', 'k'.repeat(256), 'é', 'a\nb'])
      expect(await thrownBy(added(client, { idempotencyKey })), idempotencyKey).to.be.instanceOf(RangeError);
    expect(await thrownBy(added(client, { ifMatch: '"7"\r\nX: y' }))).to.be.instanceOf(TypeError);
    for (const token of ['', 'a b', 'secret\n']) {
      const error = await errorOf(added(shop.client({ token })));
      expect(error).to.include({ code: 'no_token', attempts: 0 });
      expect(error.message).not.to.include('secret');
    }
    expect(shop.received).to.deep.equal([]);
  });

  describe('waits', () => {
    it('longer each time, up to five seconds, half of it left to chance', async () => {
      const client = await open([refuse(503, 'unavailable')], { random: () => 0 });
      await errorOf(read(client));
      const waits = sentAt().map((at, index, all) => at - (all[index - 1] ?? 0));
      expect(waits).to.deep.equal([0, 50, 100, 200, 400, 800, 1600, 2500, 2500, 2500]);
    });

    it('as long as Retry-After says, in seconds or as a date', async () => {
      const client = await open([
        refuse(503, 'unavailable', { 'Retry-After': '3' }),
        // The clock began with the year 2026, 3.1 s ago.
        refuse(503, 'unavailable', { 'Retry-After': 'Thu, 01 Jan 2026 00:00:07 GMT' }),
        refuse(429, 'rate_limited', { 'Retry-After': 'soon' }),
        ok,
      ]);
      await read(client);
      expect(sentAt()).to.deep.equal([0, 3100, 7200, 7600]);
    });

    it('not at all where that is longer than the call may take', async () => {
      const client = await open([refuse(503, 'unavailable', { 'Retry-After': '61' })]);
      const error = await errorOf(read(client));
      expect(error).to.include({ code: 'unavailable', attempts: 1 });
      expect(error.details).to.deep.equal({ retryAfterMs: 61_000 });
      expect(shop.clock.monotonic()).to.equal(0);
    });
  });

  describe('that is not answered', () => {
    it('is made again when a try has had its time', async () => {
      const client = await open([stall, ok]);
      await added(client);
      expect(sentAt()).to.deep.equal([0, 35_100]);
    });

    it('ends when the whole call has had its time', async () => {
      const client = await open([stall]);
      expect(await errorOf(added(client))).to.include({
        code: 'timed_out',
        outcomeUnknown: true,
        attempts: 2,
      });
      expect(shop.clock.monotonic()).to.equal(minute);
    });

    it('ends when its own time is over', async () => {
      const client = await open([stall]);
      expect(await errorOf(added(client, { timeoutMs: 500 }))).to.include({ code: 'timed_out', attempts: 1 });
      expect(shop.clock.monotonic()).to.equal(500);
    });
  });

  describe('that is given up', () => {
    it('under way may have happened, and lets go of its connection', async () => {
      const giveUp = new AbortController();
      let isClosed: Promise<unknown> | undefined;
      const client = await open([
        (response) => {
          isClosed = new Promise((resolve) => response.once('close', resolve));
          giveUp.abort(new Error('the page is gone'));
        },
      ]);
      const error = await errorOf(added(client, { signal: giveUp.signal }));
      expect(error).to.include({ code: 'cancelled', outcomeUnknown: true, attempts: 1 });
      expect(error.cause).to.have.property('message', 'the page is gone');
      await isClosed;
    });

    it('while it waits is not made again', async () => {
      const giveUp = new AbortController();
      const client = await open([refuse(429, 'rate_limited')]);
      shop.clock.schedule(50, () => giveUp.abort());
      const error = await errorOf(added(client, { signal: giveUp.signal }));
      expect(error).to.include({ code: 'cancelled', outcomeUnknown: false });
      expect([shop.received.length, shop.clock.monotonic()]).to.deep.equal([1, 50]);
    });

    it('in advance is not made', async () => {
      const client = await open([ok]);
      const error = await errorOf(added(client, { signal: AbortSignal.abort() }));
      expect(error).to.include({ code: 'cancelled', outcomeUnknown: false, attempts: 0 });
      expect(shop.received).to.deep.equal([]);
    });
  });

  describe('whose token is refused', () => {
    const turnedAway = refuse(401, 'unauthorized');
    const tokens = () => shop.received.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));

    it('is made again with another one, once', async () => {
      const asked: (string | undefined)[] = [];
      const token = async (refused: string | undefined) => {
        asked.push(refused);
        return `t${asked.length}`;
      };
      const client = await open([turnedAway, ok, turnedAway, turnedAway], { token });
      await added(client);
      expect(await errorOf(added(client))).to.include({ code: 'unauthorized', status: 401 });
      expect(asked).to.deep.equal([undefined, 't1', 't2']);
      expect(tokens()).to.deep.equal(['t1', 't2', 't2', 't3']);
    });

    it('shares the new one with the calls beside it', async () => {
      let asked = 0;
      const client = await open([turnedAway, turnedAway, turnedAway, ok], {
        token: () => `t${(asked += 1)}`,
      });
      await shop.outcomeOf(Promise.all([client.cart.get(), client.cart.get(), client.cart.get()]));
      expect(tokens().sort()).to.deep.equal(['t1', 't1', 't1', 't2', 't2', 't2']);
    });

    it('is over where there is no other one', async () => {
      const client = await open([turnedAway, ok], { token: 'fixed' });
      expect(await errorOf(added(client))).to.include({ code: 'unauthorized', attempts: 1 });
    });

    it('is over where none is to be had, and the next call asks again', async () => {
      let asked = 0;
      const token = () => {
        asked += 1;
        if (asked === 1) throw new Error('signed out');
        return 't';
      };
      const client = await open([ok], { token });
      const error = await errorOf(added(client));
      expect(error).to.include({ code: 'no_token', attempts: 0, outcomeUnknown: false });
      expect(error.cause).to.have.property('message', 'signed out');
      await added(client);
    });

    it('does not wait for one without end', async () => {
      const client = await open([ok], { token: () => new Promise<never>(() => undefined) });
      expect(await errorOf(added(client))).to.include({ code: 'timed_out', attempts: 0 });
    });
  });

  it('is of a client that was made with sense', async () => {
    await open([ok]);
    expect(() => shop.client({ url: 'not a url' })).to.throw(TypeError);
    for (const wrong of [{ maxAttempts: 0 }, { timeoutMs: -1 }, { attemptTimeoutMs: Number.NaN }])
      expect(() => shop.client(wrong), JSON.stringify(wrong)).to.throw(RangeError, Object.keys(wrong)[0]);
  });
});
