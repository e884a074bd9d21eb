import { expect } from 'chai';
import { silentLogger } from '../observe/logger.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { MemoryShardRegistry } from '../testing/memory-shard-registry.ts';
import { recordMessages } from '../testing/recorded-messages.ts';
import { ShardKeeper } from './shard-keeper.ts';

const limits = { leaseMs: 3_000, heartbeatMs: 500 };

/** A registry whose parts can be made to hang: a shard, or the members. */
class PartedRegistry extends MemoryShardRegistry {
  readonly hanging = new Set<number | 'members'>();
  /** When the members were asked for. */
  readonly joinedAt: number[] = [];
  readonly #clock: FakeClock;
  #over: { readonly ended: Promise<void>; readonly end: (failure?: Error) => void } | undefined;

  constructor(clock: FakeClock) {
    super(clock);
    this.#clock = clock;
  }

  hang(...parts: (number | 'members')[]): void {
    for (const part of parts) this.hanging.add(part);
    let end: (failure?: Error) => void = () => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      end = (failure) => (failure === undefined ? resolve() : reject(failure));
    });
    this.#over = { ended, end };
  }

  /** What was asked meanwhile is done now, or fails. */
  goOn(failure?: Error): void {
    this.hanging.clear();
    this.#over?.end(failure);
  }

  override async join(node: string, ttlMs: number): Promise<string[]> {
    this.joinedAt.push(this.#clock.monotonic());
    await this.#unlessHanging('members');
    return super.join(node, ttlMs);
  }

  override async acquire(shard: number, node: string, ttlMs: number): Promise<string | undefined> {
    await this.#unlessHanging(shard);
    return super.acquire(shard, node, ttlMs);
  }

  override renew(leases: readonly { shard: number; token: string }[], ttlMs: number): Promise<boolean>[] {
    return leases.map(async (lease) => {
      await this.#unlessHanging(lease.shard);
      return (await super.renew([lease], ttlMs)[0]) ?? false;
    });
  }

  async #unlessHanging(part: number | 'members'): Promise<void> {
    if (this.hanging.has(part)) await this.#over?.ended;
  }
}

describe('the keeper of shards', () => {
  let clock: FakeClock;
  let registry: PartedRegistry;
  let told: string[];

  beforeEach(() => {
    clock = new FakeClock();
    registry = new PartedRegistry(clock);
    told = [];
  });

  const keeperOf = (shards: number, logger = silentLogger) =>
    new ShardKeeper({
      node: 'a',
      registry,
      clock,
      logger,
      shards,
      ...limits,
      events: {
        acquired: ({ shard }) => told.push(`acquired ${shard}`),
        handOver: () => Promise.resolve(),
        lost: ({ shard }) => told.push(`lost ${shard}`),
      },
    });

  it('asks again soon for a shard that another still holds, and then as seldom as ever', async () => {
    const theirs = (await registry.acquire(0, 'b', 60_000)) ?? expect.fail('the shard was not free');
    const keeper = keeperOf(1);
    await keeper.start();
    await clock.advance(250);
    await registry.release(0, theirs);
    await clock.advance(1_050);
    expect(registry.joinedAt).to.deep.equal([0, 100, 200, 300, 800, 1_300]);
    expect(told).to.deep.equal(['acquired 0']);
    await keeper.stop();
  });

  it('keeps what it has while a part of the registry hangs, and takes the rest back afterwards', async () => {
    const keeper = keeperOf(2);
    await keeper.start();
    expect(told.splice(0)).to.deep.equal(['acquired 0', 'acquired 1']);
    const held = registry.token(1);
    registry.hang(0, 'members');
    await clock.advance(10_000);
    expect(told).to.deep.equal([]);
    expect(keeper.isReady).to.equal(true);
    registry.goOn(new Error('timed out'));
    await clock.advance(1_000);
    expect(told).to.deep.equal(['lost 0', 'acquired 0']);
    expect(registry.token(1)).to.equal(held);
    await keeper.stop();
    expect([registry.token(0), registry.token(1)]).to.deep.equal([undefined, undefined]);
  });

  it('gives back what it is only given when it has stopped', async () => {
    const keeper = keeperOf(2);
    registry.hang(0);
    const starting = keeper.start();
    await clock.advance(limits.heartbeatMs);
    await starting;
    await keeper.stop();
    registry.goOn();
    await clock.runUntilIdle();
    expect(told).to.deep.equal(['acquired 1']);
    expect([registry.token(0), registry.token(1)]).to.deep.equal([undefined, undefined]);
  });

  it('does not tell as lost what it released while its renewal was on the way', async () => {
    const { logger, messages } = recordMessages('warn');
    const keeper = keeperOf(1, logger);
    await keeper.start();
    registry.hang(0);
    await clock.advance(limits.heartbeatMs);
    const stopping = keeper.stop();
    await clock.runUntilIdle();
    expect(registry.token(0)).to.equal(undefined);
    registry.goOn();
    await stopping;
    expect(told).to.deep.equal(['acquired 0']);
    expect(messages).to.deep.equal([]);
  });

  it('tells as lost what another has taken', async () => {
    const { logger, messages } = recordMessages('warn');
    const keeper = keeperOf(1, logger);
    await keeper.start();
    await registry.release(0, registry.token(0) ?? expect.fail('the shard is not held'));
    await registry.acquire(0, 'b', 60_000);
    await clock.advance(limits.heartbeatMs);
    expect(told).to.deep.equal(['acquired 0', 'lost 0']);
    expect(messages).to.deep.equal(['shards lost']);
    await keeper.stop();
  });
});
