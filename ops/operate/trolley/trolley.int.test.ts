import { expect } from 'chai';
import {
  type ActorCluster,
  connect,
  type RedisConnection,
  silentLogger,
  systemClock,
} from '@trolley/runtime';
import {
  addressOf,
  BullMqMailbox,
  leaseKey,
  openRedis,
  RedisShardRegistry,
  type ShardLease,
} from '@trolley/runtime/adapters';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { openTestTrolley, type TestTrolley } from './testing/test-trolley.ts';

const shards = 4;
const cart = addressOf('cart', '42', shards);
const once = { max: 1, wakeAt: Infinity };

describe('npm run trolley on the mailboxes', () => {
  let redis: RedisConnection;
  let mailbox: BullMqMailbox;
  let lease: ShardLease;
  let cluster: ActorCluster;
  let trolley: TestTrolley;

  before(async () => {
    const { url } = await createTestRedis();
    redis = await openRedis(url, { clock: systemClock, logger: silentLogger });
    mailbox = new BullMqMailbox({
      ...{ redis, clock: systemClock, logger: silentLogger },
      namespace: 'actors',
      mailboxLimit: 10,
    });
  });
  beforeEach(async () => {
    await redis.flushdb();
    lease = { shard: cart.shard, token: 'node#1', isHeld: () => true };
    await redis.set(leaseKey('actors', cart.shard), lease.token);
    cluster = await connect({ redis, logger: silentLogger, shards, mailboxLimit: 10 });
    trolley = openTestTrolley({ cluster });
  });
  afterEach(() => cluster.close());
  after(() => redis.disconnect());

  async function send(jobId: string): Promise<void> {
    const ask = { replyTo: 'inbox', deadline: 1 };
    await mailbox.send(cart, jobId, { v: 1, id: `m-${jobId}`, name: 'AddItem', input: {}, ...ask });
    await mailbox.claim(cart, lease, once);
  }
  async function die(jobId: string, failedReason = 'broken'): Promise<void> {
    await send(jobId);
    await mailbox.ack(cart, lease, [{ jobId, failedReason, attempts: 3 }], once);
  }
  async function park(): Promise<void> {
    await send('stuck');
    await mailbox.park(cart, lease, { jobId: 'stuck', message: 'AddItem', reason: 'broken', attempts: 3 });
  }
  const waiting = async () => (await mailbox.claim(cart, lease, once)).map(({ jobId }) => jobId);
  const column = (name: number) => trolley.lines.map((line) => line.split('\t')[name]);

  it('lists dead letters of one actor', async () => {
    await die('first');
    expect(await trolley.run('dead --type cart --key 42')).to.equal(0);
    const [line = ''] = trolley.lines;
    const words = ['cart', '42', 'AddItem', 'cart~42:first', '3', 'broken'];
    expect(line.split('\t').toSpliced(4, 1)).to.deep.equal(words);
    expect(trolley.said).to.deep.equal(['1 dead letter']);
  });

  it('lists the dead letters of all actors, or of a type, and says how to go on when there are more', async () => {
    await die('first');
    await die('second');
    expect(await trolley.run('dead --limit 1')).to.equal(0);
    const [, cursor = ''] = /^More with --after (\S+)$/.exec(trolley.said.at(-1) ?? '') ?? [];
    expect(await trolley.run(`dead --type cart --after ${cursor}`)).to.equal(0);
    expect(column(3)).to.deep.equal(['cart~42:first', 'cart~42:second']);
  });

  it('lists those whose message, reason or time is asked for', async () => {
    await die('first', 'Disk full');
    await die('second', 'no route');
    for (const [flags, ids] of [
      ['--reason disk', ['cart~42:first']],
      ['--message AddItem --reason ROUTE', ['cart~42:second']],
      ['--message Clear', []],
      ['--since 1h', ['cart~42:first', 'cart~42:second']],
      ['--until 1h', []],
      ['--since 2001-01-01 --until 2002-01-01', []],
    ] as const) {
      expect(
        (await trolley.json(`dead ${flags}`)).items.map((item) => item['id']),
        flags,
      ).to.deep.equal(ids);
    }
  });

  it('shows a dead letter with what its message said, and discards it', async () => {
    await die('first');
    expect(await trolley.run('dead show cart~42:first')).to.equal(0);
    expect(JSON.parse(trolley.lines.join('\n'))).to.include({ messageId: 'm-first', reason: 'broken' });
    expect(await trolley.run('dead discard cart~42:first --because tested')).to.equal(0);
    expect(trolley.audited.at(-1)).to.deep.equal({
      action: 'discard dead letter',
      target: 'cart~42:first',
      details: { reason: 'tested' },
    });
    expect(await trolley.run('dead discard cart~42:first')).to.equal(1);
    expect(await trolley.run('dead show cart~42:first')).to.equal(1);
    expect(trolley.said.at(-1)).to.equal('There is no dead letter cart~42:first');
  });

  it('sends a dead letter again, without its asker', async () => {
    await die('first');
    expect(await trolley.run('dead replay cart~42:first')).to.equal(0);
    const [again] = await mailbox.claim(cart, lease, once);
    expect(again?.jobId).to.equal('first');
    expect(again?.envelope).to.deep.equal({ v: 1, id: 'm-first', name: 'AddItem', input: {} });
    expect(trolley.audited).to.deep.equal([{ action: 'replay dead letter', target: 'cart~42:first' }]);
    expect(await trolley.run('dead replay cart~42:first')).to.equal(1);
    expect(trolley.said.at(-1)).to.equal('There is no dead letter cart~42:first');
  });

  describe('many at once', () => {
    beforeEach(async () => {
      for (const id of ['a', 'b', 'c']) await die(id, id === 'c' ? 'other' : 'broken');
    });

    it('shows which, and does nothing, in a dry run', async () => {
      const { items } = await trolley.json('dead replay --reason broken --dry-run');
      expect(items).to.deep.equal([{ id: 'cart~42:a' }, { id: 'cart~42:b' }]);
      expect(await waiting()).to.deep.equal([]);
    });

    it('asks first, showing which', async () => {
      trolley.agrees = false;
      expect(await trolley.run('dead replay --reason broken')).to.equal(1);
      expect(trolley.asked).to.deep.equal(['Replay 2 dead letters?']);
      expect(trolley.said.join('\n')).to.include('cart~42:b').and.not.include('cart~42:c');
      expect(await waiting()).to.deep.equal([]);
      trolley.agrees = true;
      expect(await trolley.run('dead replay --reason broken')).to.equal(0);
      expect(trolley.said.at(-1)).to.equal('2 dead letters are replayed');
      expect((await trolley.json('dead')).items.map((item) => item['id'])).to.deep.equal(['cart~42:c']);
    });

    it('does not ask when it was told so, tells programs what became of each, and takes a limit', async () => {
      const { items } = await trolley.json('dead discard --all --limit 2 --yes');
      expect(items).to.deep.equal([
        { id: 'cart~42:a', outcome: 'discarded' },
        { id: 'cart~42:b', outcome: 'discarded' },
      ]);
      expect(trolley.asked).to.deep.equal([]);
      expect(trolley.audited).to.have.length(2);
    });

    it('tells of one that cannot be replayed and goes on with the others', async () => {
      trolley.refuses = 'cart~42:a';
      expect(await trolley.run('dead replay --all --yes')).to.equal(1);
      expect(trolley.said.join('\n')).to.match(/cart~42:a was not replayed: .*refused/);
      expect(trolley.said.at(-1)).to.equal('2 dead letters are replayed');
    });
  });

  it('lists parked actors, and lets one go on with its message', async () => {
    await park();
    expect(await trolley.run('parked')).to.equal(0);
    expect(trolley.lines.join()).to.match(/^cart\t42\tAddItem\t.*\tbroken$/);
    expect(await trolley.run('parked release cart 42 retry')).to.equal(0);
    expect(await waiting()).to.deep.equal(['stuck']);
    expect(await trolley.run('parked release cart 42 retry')).to.equal(1);
    expect(trolley.said.at(-1)).to.equal('cart 42 was not parked');
  });

  it('lets a parked actor go on behind its message, which becomes a dead letter', async () => {
    await park();
    expect(await trolley.run('parked release cart 42 give-up')).to.equal(0);
    expect(await waiting()).to.deep.equal([]);
    expect((await trolley.json('dead')).items).to.have.length(1);
  });

  it('works for any type, and names those that are hosted when it finds nothing of one that is not', async () => {
    const hosts = ['wish-list', 'counter'];
    const registry = new RedisShardRegistry({ redis, logger: silentLogger, namespace: 'actors', hosts });
    await registry.join('n', 60_000);
    const list = addressOf('wish-list', 'for Zoë', shards);
    const held = { ...lease, shard: list.shard };
    await redis.set(leaseKey('actors', list.shard), held.token);
    await mailbox.send(list, 'wish', { v: 1, id: 'm-wish', name: 'Add', input: {} });
    await mailbox.claim(list, held, once);
    await mailbox.ack(list, held, [{ jobId: 'wish', failedReason: 'broken' }], once);

    expect(await trolley.runWords(['dead', '--type', 'wish-list', '--key', 'for Zoë'])).to.equal(0);
    expect(trolley.lines.join()).to.match(/^wish-list\tfor Zoë\tAdd\twish-list~for%20Zo%C3%AB:wish\t/);
    expect(await trolley.run('dead replay wish-list~for%20Zo%C3%AB:wish')).to.equal(0);
    expect(trolley.said.join()).not.to.include('Nobody hosts');
    expect(await trolley.run('parked release basket 42 retry')).to.equal(1);
    expect(trolley.said.at(-2)).to.include(
      'Nobody hosts the type basket now: the nodes host counter, wish-list.',
    );
  });

  it('says that no node is alive to host a type', async () => {
    expect(await trolley.run('dead --type basket')).to.equal(0);
    expect(trolley.said.at(-2)).to.include('Nobody hosts the type basket now: no node is alive.');
  });

  it('shows nothing of what others wrote that would steer a terminal', async () => {
    await die('first', 'bad \u001B]0;title\u0007 news\n\t');
    await trolley.run('dead');
    expect(trolley.lines).to.have.length(1);
    expect(trolley.lines[0]).to.match(/bad \uFFFD\]0;title\uFFFD news\uFFFD\uFFFD$/);
  });

  for (const [words, sentence] of [
    ['dead show', /Say which: an ID/],
    ['dead show first', /'first' is no id of a dead letter/],
    ['dead replay', /Say which: IDs as the list tells them; or one or more of --type, /],
    ['dead replay cart~42:a --all', /Say which/],
    ['dead --key 42', /--key goes with --type/],
    ['dead --limit 501', /--limit goes with a number, 1 to 500, not 501/],
    ['dead --limit none', /--limit goes with a number/],
    ['dead --since yesterday', /--since goes with a time such as 15m/],
    ['dead --after nowhere', /'nowhere' is no cursor/],
    ['parked release Cart 42 retry', /Say which actor: its TYPE/],
    ['parked release cart 42', /Say how/],
    ['parked release cart 42 softly', /Say how/],
  ] as const) {
    it(`says what is wrong with "${words}"`, async () => {
      expect(await trolley.problem(words)).to.match(sentence);
      expect(trolley.audited).to.deep.equal([]);
    });
  }
});
