import { expect } from 'chai';
import type { Clock } from '../define/clock.ts';
import { silentLogger } from '../observe/logger.ts';
import { ShardKeeper } from './shard-keeper.ts';
import type { ShardRegistry } from './shard-registry.ts';

describe('the keeper of shards', () => {
  it('asks again soon for a shard that another still holds, and then as seldom as ever', async () => {
    const pauses: number[] = [];
    let tries = 0;
    let settled: () => void = () => undefined;
    const calm = new Promise<void>((resolve) => (settled = resolve));
    const clock: Clock = {
      now: () => 0,
      monotonic: () => 0,
      schedule(delayMs, run) {
        pauses.push(delayMs);
        if (pauses.length === 5) settled();
        else setImmediate(run);
        return () => undefined;
      },
    };
    const registry: ShardRegistry = {
      join: (node) => Promise.resolve([node]),
      leave: () => Promise.resolve(),
      acquire: (shard, node) => Promise.resolve(++tries > 3 ? `${node}#${shard}` : undefined),
      renew: (leases) => Promise.resolve(leases.map(() => true)),
      release: () => Promise.resolve(),
    };
    const events = { acquired: () => undefined, handOver: () => Promise.resolve(), lost: () => undefined };
    const limits = { shards: 1, leaseMs: 3_000, beatMs: 500 };
    const keeper = new ShardKeeper({ node: 'a', registry, clock, logger: silentLogger, events, ...limits });
    await keeper.start();
    await calm;
    expect(keeper.held).to.equal(1);
    expect(pauses).to.deep.equal([100, 100, 100, 500, 500]);
    await keeper.stop();
  });
});
