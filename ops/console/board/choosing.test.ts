import { expect } from 'chai';
import Koa from 'koa';
import { ActorError, type MailboxPage, type RedisConnection, silentLogger } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { openHttpServer } from '../../../gateway/http-server.ts';
import { boardPath } from './board-path.ts';
import { createBoard } from './board.ts';

it('a poll of the board does not wait for the next choice of mailboxes, unless the last is old', async () => {
  const clock = new FakeClock();
  let answer: () => Promise<MailboxPage> = async () => ({ items: [], isPartial: false });
  let looks = 0;
  const mailboxes = {
    list: () => {
      looks += 1;
      return answer();
    },
  };
  const redis = {} as RedisConnection;
  const board = createBoard({ redis, mailboxes, shards: 1, clock, logger: silentLogger });
  const app = new Koa().use(board.serve as Koa.Middleware);
  app.silent = true;
  const server = await openHttpServer({
    ...{ handle: app.callback(), host: '127.0.0.1', port: 0, clock, logger: silentLogger },
    ...{ newId: () => 'id', requestTimeoutMs: 30_000 },
  });
  const poll = async () => (await fetch(`http://localhost:${server.port}${boardPath}/api/queues`)).status;
  try {
    expect(await poll()).to.equal(200);
    const first = looks;
    expect(first).to.be.above(0);
    expect(await poll()).to.equal(200);
    expect(looks).to.equal(first);
    await clock.advance(5_000);
    answer = () => Promise.reject(new ActorError('unavailable', 'Redis is away'));
    expect(await poll()).to.equal(200);
    expect(looks).to.be.above(first);
    await clock.advance(15_000);
    expect(await poll()).not.to.equal(200);
    answer = async () => ({ items: [], isPartial: false });
    expect(await poll()).to.equal(200);
  } finally {
    await server.close();
    board.close();
  }
});
