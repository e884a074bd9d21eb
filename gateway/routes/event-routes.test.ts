import { expect } from 'chai';
import { systemClock } from '@trolley/runtime';
import type { AnsweredRequest } from '../gateway-metrics.ts';
import { HttpConnection } from '../testing/http-connection.ts';
import { readEvents } from '../testing/read-events.ts';
import { openTestGateway, textOf, tokenFor, type TestGateway } from '../testing/test-gateway.ts';

const path = '/api/v1/events';

describe('GET /api/v1/events', () => {
  let open: TestGateway;
  const leaving: AbortController[] = [];
  beforeEach(async () => (open = await openTestGateway()));
  afterEach(async () => {
    for (const each of leaving.splice(0)) each.abort();
    await open.close();
  });

  async function follow(headers: Record<string, string> = {}, userId = 1): Promise<Response> {
    const left = new AbortController();
    leaving.push(left);
    const authorization = `Bearer ${await tokenFor(userId)}`;
    return fetch(open.gateway.url + path, { headers: { authorization, ...headers }, signal: left.signal });
  }

  const add = () => open.send('POST', '/api/v1/cart/items', { json: { product_id: 1, quantity: 1 } });
  const buy = (key: string) => open.send('POST', '/api/v1/checkout', { json: { idempotency_key: key } });

  it('sends what becomes of a cart, a checkout and an order, each as its own route shows it', async () => {
    const answer = await follow();
    expect(answer.status).to.equal(200);
    const reading = readEvents(answer, ({ events }) => events.some(({ event }) => event === 'order'));
    await add();
    const checkout = await buy('k');
    const { events } = await reading;
    const dataOf = (name: string) =>
      events.findLast(({ event }) => event === name)?.data as Record<string, unknown>;
    const shown = async (route: string) => (await open.send('GET', route)).json as unknown;
    const [id, orderId] = [textOf(checkout.json['checkout_id']), textOf(checkout.json['order_id'])];
    expect(dataOf('checkout')).to.deep.equal({
      version: 1,
      checkout: await shown(`/api/v1/checkout/${id}`),
    });
    expect(dataOf('order')).to.deep.equal({
      version: 1,
      order: await shown(`/api/v1/orders/${orderId}`),
    });
    expect(dataOf('cart')['cart']).to.deep.include({ user_id: 1, items: [] });
    expect(events.filter(({ event }) => event === 'ready')).to.have.length(1);
  });

  it('goes on behind Last-Event-ID, and sends nobody what is of others', async () => {
    const first = await readEvents(await follow(), ({ events }) => events.at(-1)?.event === 'ready');
    await add();
    await buy('k');
    const isReady = ({ events }: { events: readonly { event: string }[] }) =>
      events.at(-1)?.event === 'ready';
    const missed = await readEvents(await follow({ 'last-event-id': first.lastId }), isReady);
    expect(missed.events.map(({ event }) => event)).to.deep.equal(['cart', 'checkout', 'order', 'ready']);
    const nothing = await readEvents(await follow({ 'last-event-id': missed.lastId }), isReady);
    expect(nothing.events.map(({ event }) => event)).to.deep.equal(['ready']);
    const others = await readEvents(await follow({ 'last-event-id': first.lastId }, 2), isReady);
    expect(others.events.map(({ event }) => event)).not.to.include.members(['checkout']);
  });

  it('is passed on as it comes: not kept, not compressed, not gathered', async () => {
    const { headers } = await follow({ 'accept-encoding': 'br, gzip' });
    const named = (name: string) => headers.get(name);
    expect(named('content-type')).to.equal('text/event-stream');
    expect(named('cache-control')).to.equal('no-store, no-transform');
    expect(named('x-accel-buffering')).to.equal('no');
    expect([named('content-encoding'), named('content-length')]).to.deep.equal([null, null]);
    expect(named('x-request-id')).to.be.a('string');
  });

  it('answers HEAD with the head alone, and keeps nothing of it', async () => {
    const connection = await HttpConnection.open(open.gateway.port);
    connection.send(`HEAD ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await tokenFor(1)}\r\n\r\n`);
    const { status, headers } = await connection.answer(true);
    expect([status, headers.get('content-type')]).to.deep.equal([200, 'text/event-stream']);
    expect(open.memory.notices.followed).to.deep.equal([]);
    connection.close();
  });

  for (const [what, headers, status, code] of [
    ['no token', { authorization: '' }, 401, 'unauthorized'],
    ['an id of something else', { 'last-event-id': 'abc' }, 400, 'invalid_last_event_id'],
    ['an empty id', { 'last-event-id': '' }, 400, 'invalid_last_event_id'],
    ['SQL', { 'last-event-id': "1.2'--.3" }, 400, 'invalid_last_event_id'],
  ] as const)
    it(`refuses ${what}`, async () => {
      const answer = await follow(headers);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).to.deep.equal([status, code]);
      expect(open.memory.notices.followed).to.deep.equal([]);
    });

  it('refuses other methods', async () => {
    const { status, headers } = await open.send('POST', path, { json: {} });
    expect([status, headers.get('allow')]).to.deep.equal([405, 'GET, HEAD, OPTIONS']);
  });

  it('keeps as many streams as it may: of one user, and of all', async () => {
    await open.close();
    open = await openTestGateway({ eventLimits: { maxStreams: 3, maxPerUser: 2 } });
    const status = async (userId: number) => (await follow({}, userId)).status;
    expect([await status(1), await status(1)]).to.deep.equal([200, 200]);
    const third = await follow({}, 1);
    expect(third.status).to.equal(429);
    expect(third.headers.get('retry-after')).to.equal('1');
    expect(await third.json()).to.include({
      code: 'too_many_streams',
      error: 'at most 2 streams of events at once',
    });
    expect([await status(2), await status(3)]).to.deep.equal([200, 503]);
    // Whoever leaves makes room.
    leaving[0]?.abort();
    while (open.memory.notices.followed.length > 0 && (await status(3)) !== 200);
  });

  it('is over with its head for the log and the figures, and outlasts the limit of a request', async () => {
    await open.close();
    const answered: AnsweredRequest[] = [];
    const metrics = {
      answered: (request: AnsweredRequest) => void answered.push(request),
      text: async () => '',
      contentType: 'text/plain',
    };
    open = await openTestGateway({ metrics, requestTimeoutMs: 50 });
    const answer = await follow();
    expect(answered.map(({ route, status }) => [route, status])).to.deep.equal([[path, 200]]);
    const passed = new Promise((resolve) => systemClock.schedule(100, () => resolve(undefined)));
    const reading = readEvents(answer, ({ events }) => events.some(({ event }) => event === 'order'));
    await passed;
    await add();
    await buy('k');
    expect((await reading).events.map(({ event }) => event)).to.include('order');
    expect(answered.filter(({ route }) => route === path)).to.have.length(1);
  });

  it('ends with its gateway, and can be gone on from', async () => {
    const reading = readEvents(await follow());
    while (open.memory.notices.followed.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const idle = await HttpConnection.open(open.gateway.port);
    await open.close();
    const { lastId, retryMs } = await reading;
    expect(retryMs).to.be.within(1_000, 3_000);
    expect(lastId).to.match(/^[0-9.]*$/);
    await idle.closed();
    open = await openTestGateway();
  });
});
