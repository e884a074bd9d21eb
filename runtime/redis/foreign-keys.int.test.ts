import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import {
  openClusterClient,
  openClusterNode,
  type Client,
  type ClusterNode,
} from '../cluster/open-cluster.ts';
import { systemClock } from '../define/clock.ts';
import { RedisStreamsEventLog } from '../events/redis-streams-event-log.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createLogActor, Log } from '../testing/model/log-actor.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
import { createTestRedis } from '../testing/suites/test-servers.ts';

describe('keys of ours that somebody else has written', () => {
  let redis: Redis;
  let url: string;
  const { logger, messages: logged } = recordMessages('error');

  before(async () => {
    ({ url } = await createTestRedis());
  });
  beforeEach(async () => {
    logged.splice(0);
    redis = new Redis(url);
    await redis.flushdb();
  });
  afterEach(() => redis.disconnect());

  /** Puts something of another type in the place of a key. */
  async function replace(key: string, expected: string): Promise<string> {
    await redis.del(key);
    if (expected === 'string') await redis.lpush(key, 'x');
    else await redis.set(key, 'x');
    const found = expected === 'string' ? 'list' : 'string';
    return `${key} was a ${found}, not a ${expected}, and was removed`;
  }

  describe('in a cluster', () => {
    let client: Client;
    let node: ClusterNode;

    beforeEach(async () => {
      const shared = { redis, clock: systemClock, logger, newId: randomUUID, shards: 1 };
      client = openClusterClient(shared);
      const actors = [{ actor: createLogActor(client.refs, true), store: new MemoryStateStore() }];
      const limits = { sweepMs: 50 };
      node = await openClusterNode({ ...shared, actors, random: Math.random, heartbeatMs: 50, limits });
    });
    afterEach(async () => {
      await client.close();
      await node.close();
    });

    const append = (n: number, key = 'a') =>
      client.refs.ref(Log, key).ask('Append', { n }, { messageId: `${key}-${n}` });

    for (const [key, expected] of [
      ['{actors-0}:log~a:wait', 'list'],
      ['{actors-0}:log~a:active', 'list'],
      ['{actors-0}:log~a:meta', 'hash'],
      ['{actors-0}:log~a:delayed', 'zset'],
      ['{actors-0}:live', 'zset'],
      ['{actors-0}:bell', 'stream'],
      ['{actors-0}:own', 'string'],
      ['actors:members', 'zset'],
      ['{actors:members}:types', 'zset'],
    ] as const) {
      it(`cost nobody an answer: ${key}`, async () => {
        expect(await append(1)).to.deep.equal({ seen: [1] });
        const line = await replace(key, expected);
        expect(await append(2)).to.deep.equal({ seen: [1, 2] });
        expect(await append(3)).to.deep.equal({ seen: [1, 2, 3] });
        while (!logged.includes(line)) await new Promise((resolve) => setImmediate(resolve));
        expect(new Set(logged)).to.deep.equal(new Set([line]));
      });
    }

    it('cost nobody an answer: an inbox', async () => {
      await append(1);
      const [inbox = ''] = await redis.keys('actors:inbox:*');
      const line = await replace(inbox, 'stream');
      expect(await append(2)).to.deep.equal({ seen: [1, 2] });
      expect(logged).to.include(line);
    });

    it('cost nobody an answer: what says why actors are parked', async () => {
      const line = await replace('{actors-0}:parked', 'hash');
      expect(await client.parked.list()).to.deep.equal({ items: [] });
      expect(logged).to.deep.equal([line]);
    });

    it('cost nobody an answer: a message, whose id swallows no other', async () => {
      await redis.set('{actors-0}:log~a:m-a-1', 'x');
      await client.refs.ref(Log, 'a').tell('Append', { n: 1 }, { messageId: 'a-1' });
      while ((await client.refs.ref(Log, 'a').ask('Read', {})).seen.length === 0);
    });
  });

  it('cost the event log no event', async () => {
    const log = new RedisStreamsEventLog({ redis, clock: systemClock, logger, instanceId: randomUUID() });
    const event = (id: string) => ({ id, key: '7', type: 'Counted', value: id, headers: {} });
    const append = async (id: string) => {
      const failure = await log.append('t', [event(id)]).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure !== undefined) await log.append('t', [event(id)]);
    };
    const lines: string[] = [];
    for (let partition = 0; partition < 6; partition++) {
      lines.push(await replace(`{log-t}:${partition}`, 'stream'));
    }
    await append('one');
    lines.push(await replace('{log-t}:offsets:g', 'hash'));
    lines.push(await replace('{log-t}:lease:g', 'string'));
    let heard: (id: string) => void;
    const first = new Promise<string>((resolve) => (heard = resolve));
    await log.subscribe({ topic: 't', group: 'g', handle: async ({ id }) => heard(id) });
    expect(await first).to.equal('one');
    expect(new Set(logged)).to.deep.equal(new Set(lines));
    await log.close();
  });
});
