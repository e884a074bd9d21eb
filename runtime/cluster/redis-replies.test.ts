import { expect } from 'chai';
import { silentLogger } from '../observe/logger.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { RedisReplies } from './redis-replies.ts';

describe('answers on Redis', () => {
  let clock: FakeClock;
  /** What the server of the inbox does with the next answers. */
  let server: () => Promise<unknown>;
  let added: number;

  const repliesOn = (isCluster: boolean) =>
    new RedisReplies(
      { isCluster, xadd: () => server(), pexpire: () => Promise.resolve(1) } as unknown as RedisConnection,
      clock,
      silentLogger,
    );
  const works = () => Promise.resolve(++added);
  const fails = () => Promise.reject(new Error('Connection is closed.'));
  const hangs = () => new Promise<never>(() => undefined);
  const reply = { id: 'a', answer: { ok: 1 } };

  beforeEach(() => {
    clock = new FakeClock();
    added = 0;
  });

  it('fail with the one Redis that mailboxes are on, too', async () => {
    server = fails;
    const failed: unknown = await repliesOn(false)
      .send('inbox', reply)
      .catch((error: unknown) => error);
    expect(failed).to.have.property('message', 'Connection is closed.');
  });

  for (const [how, away] of [
    ['refuses', fails],
    ['hangs', hangs],
  ] as const) {
    it(`hold up no actor while their server of a cluster ${how}, and come when it is back`, async () => {
      server = away;
      const sent = repliesOn(true).send('inbox', reply);
      await clock.advance(500);
      await sent;
      server = works;
      await clock.advance(250);
      expect(added).to.equal(1);
      await clock.advance(60_000);
      expect(added).to.equal(1);
    });
  }
});
