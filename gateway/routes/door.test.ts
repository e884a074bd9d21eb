import { EventEmitter, once } from 'node:events';
import { createServer, request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { ActorError } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { addCartItem } from '../api/cart-api.ts';
import { ShopError } from '../error-table.ts';
import type { AnsweredRequest } from '../gateway-metrics.ts';
import type { Load } from '../middleware/load-shedding.ts';
import { Door } from './door.ts';
import { defineRoute } from './route.ts';

const refusal = new ShopError('unavailable', 'overloaded', { details: { overloaded: true } });
const path = '/api/v1/cart/items';
const add = defineRoute(addCartItem, { handle: () => Promise.reject(new Error('not this way')) });

/** A door in front of a handler that answers `in`; all who come are held until they are told. */
async function openDoor() {
  const clock = new FakeClock();
  const asked: Load[] = [];
  const told: AnsweredRequest[] = [];
  const waiting: ((refusal?: ActorError) => void)[] = [];
  const arrivals = new EventEmitter();
  const shedding = {
    isBusy: true,
    refusalOf: () => undefined,
    held: (load: Load) => {
      asked.push(load);
      return new Promise<ActorError | undefined>((tell) => {
        waiting.push(tell);
        arrivals.emit('held');
      });
    },
    turn: () => undefined,
    counted: <T>(ask: () => Promise<T>) => ask(),
  };
  const door = new Door({
    placeAt: () => ({ routes: new Map([[add.method, add]]), params: {} }),
    shedding,
    clock,
    newId: () => 'new',
    metrics: { answered: (answered) => void told.push(answered) },
  });
  const cameAt: (number | undefined)[] = [];
  const server = createServer((req, res) => {
    res.on('close', () => arrivals.emit('gone'));
    door.enter(req, res, () => {
      cameAt.push(door.cameAt(req));
      res.end('in');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ clock, asked, told, cameAt, shedding },
    arrivals,
    /** Sends one, and waits until it is held. */
    async hold(): Promise<{ sent: ClientRequest; tell: (refusal?: ActorError) => void }> {
      const held = once(arrivals, 'held');
      const sent = send(port);
      await held;
      return { sent, tell: waiting.at(-1) ?? (() => undefined) };
    },
    send: () => send(port),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const send = (port: number) =>
  request({
    port,
    host: '127.0.0.1',
    path: `${path}?a=b`,
    method: 'POST',
    headers: { 'x-request-id': 'mine' },
  })
    .on('error', () => undefined)
    .end();

async function answerTo(sent: ClientRequest): Promise<{ answer: IncomingMessage; body: string }> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { answer, body: await text(answer) };
}

describe('the door', () => {
  let open: Awaited<ReturnType<typeof openDoor>>;
  beforeEach(async () => (open = await openDoor()));
  afterEach(() => open.close());

  it('holds a request until it is let in, and knows when it came', async () => {
    const { sent, tell } = await open.hold();
    await open.clock.advance(70);
    expect(open.cameAt).to.deep.equal([]);
    tell();
    expect((await answerTo(sent)).body).to.equal('in');
    expect(open.cameAt).to.deep.equal([0]);
    expect(open.asked).to.deep.equal(['ask']);
    expect(open.told).to.deep.equal([]);
  });

  it('answers one that is refused after it was held, and tells how long that took', async () => {
    const { sent, tell } = await open.hold();
    await open.clock.advance(70);
    tell(refusal);
    const { answer, body } = await answerTo(sent);
    expect(answer.statusCode).to.equal(503);
    expect(answer.headers).to.include({ 'retry-after': '1', 'x-request-id': 'mine' });
    expect(JSON.parse(body)).to.include({ code: 'unavailable', request_id: 'mine' });
    const request = { method: 'POST', route: path, status: 503, code: 'unavailable' };
    expect(open.told).to.deep.equal([{ ...request, isShed: true, ms: 70 }]);
    expect(open.cameAt).to.deep.equal([]);
  });

  it('lets nobody in who has gone meanwhile', async () => {
    const { sent, tell } = await open.hold();
    const gone = once(open.arrivals, 'gone');
    sent.destroy();
    await gone;
    tell();
    await open.clock.advance(0);
    const request = { method: 'POST', route: path, status: 499, code: 'aborted' };
    expect(open.told).to.deep.equal([{ ...request, isShed: false, ms: 0 }]);
    expect(open.cameAt).to.deep.equal([]);
  });

  it('lets all pass without a question while nothing is held or refused', async () => {
    open.shedding.isBusy = false;
    expect((await answerTo(open.send())).body).to.equal('in');
    expect(open.asked).to.deep.equal([]);
    expect(open.cameAt).to.deep.equal([undefined]);
  });
});
