import { expect } from 'chai';
import { type RedisConnection, silentLogger, systemClock } from '@trolley/runtime';
import {
  addressOf,
  BullMqMailbox,
  leaseKey,
  openRedis,
  RedisShardRegistry,
  type ShardLease,
} from '@trolley/runtime/adapters';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { createProgress } from '../../shop/process/progress.ts';
import { runActors } from './actors-cli.ts';

const actors = { shards: 4, idleMs: 60_000, mailboxLimit: 10 };
const cart = addressOf('cart', '42', actors.shards);
const once = { max: 1, wakeAt: Infinity };

describe('npm run actors', () => {
  let redis: RedisConnection;
  let mailbox: BullMqMailbox;
  let lease: ShardLease;
  let printed: string[];
  let said: string[];

  before(async () => {
    const { url } = await createTestRedis();
    redis = await openRedis(url, { clock: systemClock, logger: silentLogger });
    const { mailboxLimit } = actors;
    mailbox = new BullMqMailbox({
      redis,
      clock: systemClock,
      logger: silentLogger,
      namespace: 'actors',
      mailboxLimit,
    });
  });
  beforeEach(async () => {
    await redis.flushdb();
    lease = { shard: cart.shard, token: 'node#1', isHeld: () => true };
    await redis.set(leaseKey('actors', cart.shard), lease.token);
    [printed, said] = [[], []];
  });
  after(() => redis.disconnect());

  const run = (words: string, page: { limit?: number; cursor?: string } = {}) =>
    runWords(words.split(' '), page);
  const runWords = (words: string[], page: { limit?: number; cursor?: string } = {}) =>
    runActors(
      { words, ...page },
      {
        redis,
        config: { actors },
        progress: createProgress({ write: (line) => said.push(line.trimEnd()) }),
        print: (line) => printed.push(line),
      },
    );
  async function send(jobId: string): Promise<void> {
    const ask = { replyTo: 'inbox', deadline: 1 };
    await mailbox.send(cart, jobId, { v: 1, id: `m-${jobId}`, name: 'AddItem', input: {}, ...ask });
    await mailbox.claim(cart, lease, once);
  }
  async function die(jobId: string): Promise<void> {
    await send(jobId);
    await mailbox.ack(cart, lease, [{ jobId, failedReason: 'broken', attempts: 3 }], once);
  }
  async function park(): Promise<void> {
    await send('stuck');
    await mailbox.park(cart, lease, { jobId: 'stuck', message: 'AddItem', reason: 'broken', attempts: 3 });
  }
  const waiting = async () => (await mailbox.claim(cart, lease, once)).map(({ jobId }) => jobId);

  it('lists dead letters of one actor', async () => {
    await die('first');
    expect(await run('dead cart 42')).to.equal(0);
    const [line = ''] = printed;
    const words = ['cart', '42', 'AddItem', 'cart~42:first', '3', 'broken'];
    expect(line.split('\t').toSpliced(4, 1)).to.deep.equal(words);
    expect(said).to.deep.equal(['1 dead letters of cart 42']);
  });

  it('lists the dead letters of all actors, or of a type, and says how to go on when there are more', async () => {
    await die('first');
    await die('second');
    expect(await run('dead', { limit: 1 })).to.equal(0);
    const [, cursor = ''] = /^1 dead letters; more with --after (\S+)$/.exec(said.at(-1) ?? '') ?? [];
    expect(await run('dead cart', { limit: 500, cursor })).to.equal(0);
    expect(said.at(-1)).to.equal('1 dead letters of cart');
    expect(printed.map((line) => line.split('\t')[3])).to.deep.equal(['cart~42:first', 'cart~42:second']);
  });

  it('shows a dead letter with what its message said, and discards it', async () => {
    await die('first');
    expect(await run('show cart~42:first')).to.equal(0);
    expect(JSON.parse(printed.join('\n'))).to.include({ messageId: 'm-first', reason: 'broken' });
    expect(await run('discard cart~42:first')).to.equal(0);
    expect(await run('discard cart~42:first')).to.equal(1);
    expect(await run('show cart~42:first')).to.equal(1);
    expect(said.at(-1)).to.equal('There is no dead letter cart~42:first');
  });

  it('sends a dead letter again, without its asker', async () => {
    await die('first');
    expect(await run('replay cart~42:first')).to.equal(0);
    const [again] = await mailbox.claim(cart, lease, once);
    expect(again?.jobId).to.equal('first');
    expect(again?.envelope).to.deep.equal({ v: 1, id: 'm-first', name: 'AddItem', input: {} });
    expect(await run('replay cart~42:first')).to.equal(1);
    expect(said.at(-1)).to.equal('There is no dead letter cart~42:first');
  });

  it('lists parked actors, and lets one go on with its message', async () => {
    await park();
    expect(await run('parked')).to.equal(0);
    expect(printed.join()).to.match(/^cart\t42\tAddItem\t.*\tbroken$/);
    expect(await run('release cart 42 retry')).to.equal(0);
    expect(await waiting()).to.deep.equal(['stuck']);
    expect(await run('release cart 42 retry')).to.equal(1);
    expect(said.at(-1)).to.equal('cart 42 was not parked');
  });

  it('lets a parked actor go on behind its message, which becomes a dead letter', async () => {
    await park();
    expect(await run('release cart 42 give-up')).to.equal(0);
    expect(await waiting()).to.deep.equal([]);
    await run('dead cart 42');
    expect(printed).to.have.length(1);
  });

  it('works for any type, and names those that are hosted when it finds nothing of one that is not', async () => {
    const hosts = ['wish-list', 'counter'];
    await new RedisShardRegistry({ redis, logger: silentLogger, namespace: 'actors', hosts }).join(
      'n',
      60_000,
    );
    const list = addressOf('wish-list', 'for Zoë', actors.shards);
    const held = { ...lease, shard: list.shard };
    await redis.set(leaseKey('actors', list.shard), held.token);
    await mailbox.send(list, 'wish', { v: 1, id: 'm-wish', name: 'Add', input: {} });
    await mailbox.claim(list, held, once);
    await mailbox.ack(list, held, [{ jobId: 'wish', failedReason: 'broken' }], once);

    expect(await runWords(['dead', 'wish-list', 'for Zoë'])).to.equal(0);
    expect(printed.join()).to.match(/^wish-list\tfor Zoë\tAdd\twish-list~for%20Zo%C3%AB:wish\t/);
    expect(await run('replay wish-list~for%20Zo%C3%AB:wish')).to.equal(0);
    expect(said.join()).not.to.include('Nobody hosts');
    expect(await run('release basket 42 retry')).to.equal(1);
    expect(said.at(-2)).to.include('Nobody hosts the type basket now: the nodes host counter, wish-list.');

    printed = [];
    expect(await run('types')).to.equal(0);
    expect(printed).to.deep.equal(['counter', 'wish-list']);
  });

  it('says that no node is alive to host a type', async () => {
    expect(await run('dead basket 42')).to.equal(0);
    expect(said.at(-2)).to.include('Nobody hosts the type basket now: no node is alive.');
  });

  for (const [words, sentence] of [
    ['sleep', /Say what/],
    ['dead Basket 42', /Say which actor: its TYPE/],
    ['dead Cart 42', /Say which actor/],
    ['toString', /Say what: types/],
    ['release cart 42', /Say how/],
    ['release cart 42 softly', /Say how/],
    ['replay', /Say which: an ID/],
    ['discard first', /'first' is no id of a dead letter/],
  ] as const) {
    it(`says what is wrong with "${words}"`, async () => {
      const problem = await run(words).then(
        () => '',
        (error: unknown) => String(error),
      );
      expect(problem).to.match(sentence);
    });
  }
});
