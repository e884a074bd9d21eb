import { expect } from 'chai';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryNodeBoard } from '../testing/memory-node-board.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
import { NodeMeter } from './node-meter.ts';
import { NodeReporter } from './node-reporter.ts';

describe('a node that reports', () => {
  const facts = { process: 'host/1', loopDelayMs: () => 1, residentBytes: () => 2 };
  let clock: FakeClock;
  let board: MemoryNodeBoard;
  let meter: NodeMeter;
  let logged: string[];
  let reporter: NodeReporter;

  beforeEach(() => {
    clock = new FakeClock();
    board = new MemoryNodeBoard(clock);
    meter = new NodeMeter({ node: 'a', clock });
    const { logger, messages } = recordMessages('info');
    logged = messages;
    const what = { node: 'a', version: '1', contracts: [], shards: () => 3, memoryInUse: () => 0.25 };
    reporter = new NodeReporter({ ...what, board, meter, facts, clock, logger });
  });
  afterEach(() => reporter.close());

  const turn = (key: string, more: object = {}) =>
    meter.observer.turnEnded?.({
      ...{ actor: { type: 'cart', key, id: `cart~${key}`, shard: 0 }, messages: 2, outcomes: 0, ms: 1 },
      ...{ isRetried: false, ...more },
    });
  const posted = async () => (await board.details(['a']))[0];

  it('posts what it did, once a second', async () => {
    await clock.advance(1_500);
    for (let i = 0; i < 3; i++) turn('ann');
    turn('ben', { isRetried: true, error: new Error('broken') });
    await clock.advance(500);
    const details = await posted();
    expect(details).to.include({
      version: '1',
      shards: 3,
      memoryInUse: 0.25,
      loopDelayMs: 1,
      residentBytes: 2,
    });
    expect(details).to.include({ turnsPerSecond: 4, messagesPerSecond: 8, retriesPerSecond: 1 });
    expect(details?.busiestKeys.map(({ key }) => key)).to.deep.equal(['ann', 'ben']);
    expect(details?.failures).to.have.length(1);
    expect(details?.failures[0]).to.include({ what: 'turn', key: 'ben', code: 'internal', reason: 'broken' });
    await clock.advance(1_000);
    expect(await posted()).to.include({ turnsPerSecond: 0, lastSeenAt: clock.now() });
  });

  it('counts what is in memory by type', async () => {
    const actor = { type: 'cart', key: 'a', id: 'cart~a', shard: 0 };
    meter.observer.activated?.(actor);
    meter.observer.activated?.({ ...actor, type: 'order' });
    meter.observer.passivated?.(actor, 'idle');
    expect(meter.take().activations).to.deep.equal({ order: 1 });
  });

  it('goes on when the board is away, says so once, and tells of no step too few', async () => {
    await clock.advance(1_500);
    const post = board.post.bind(board);
    let isAway = true;
    board.post = (...given) => (isAway ? Promise.reject(new Error('unexpected')) : post(...given));
    meter.observer.shardAcquired?.(1);
    await clock.advance(3_000);
    expect(logged.filter((message) => message.includes('cannot be posted'))).to.have.length(1);
    meter.observer.shardLeft?.(1, 'lost');
    isAway = false;
    await clock.advance(1_000);
    expect((await board.steps(10)).map(({ why }) => why)).to.deep.equal(['lost', 'acquired']);
  });

  it('leaves nothing but its last steps when it is closed', async () => {
    await clock.advance(1_000);
    meter.observer.shardLeft?.(2, 'handed over');
    await reporter.close();
    expect(await posted()).to.equal(undefined);
    expect((await board.steps(10)).map(({ shard, why }) => [shard, why])).to.deep.equal([[2, 'released']]);
  });

  it('remembers what failed of an actor, however much fails of others’ effects', () => {
    const actor = (key: string) => ({ type: 'cart', key, id: `cart~${key}`, shard: 0 });
    const { observer } = meter;
    observer.tryFailed?.({
      actor: actor('ann'),
      what: 'message',
      name: 'Add',
      attempts: 1,
      error: new Error('no'),
    });
    for (let i = 0; i < 5_000; i++) {
      const error = Object.assign(new Error('refused'), { code: 'x' });
      observer.effectEnded?.({ actor: actor('ben'), effect: 'Call', ms: 1, error: error as never });
    }
    expect(meter.failuresOf('cart~ann').map(({ what, name }) => [what, name])).to.deep.equal([
      ['message', 'Add'],
    ]);
    expect(meter.failuresOf('cart~ben')).to.have.length(500);
  });
});
