import { expect } from 'chai';
import type { ShardRegistry } from '../../cluster/shard-registry.ts';

export interface ShardRegistryUnderTest {
  readonly registry: ShardRegistry;
  /** Resolves when everything that was given `shortMs` has run out. */
  elapse(): Promise<void>;
  close(): Promise<void>;
}

/** The time to live of what a test lets run out. */
export const shortMs = 30;
const longMs = 60_000;

/** What every shard registry keeps. */
export function describeShardRegistry(name: string, open: () => Promise<ShardRegistryUnderTest>): void {
  describe(`shard registry: ${name}`, () => {
    let under: ShardRegistryUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    const acquire = async (shard: number, node: string, ttlMs = longMs) => {
      const token = await under.registry.acquire(shard, node, ttlMs);
      return token ?? expect.fail(`${node} did not get shard ${shard}`);
    };
    const renew = (leases: readonly { shard: number; token: string }[], ttlMs = longMs) =>
      Promise.all(under.registry.renew(leases, ttlMs));
    const epochOf = (token: string) => Number(token.split('#')[1]);

    it('lists who joined, sorted, until it leaves', async () => {
      expect(await under.registry.join('b', longMs)).to.deep.equal(['b']);
      expect(await under.registry.join('a', longMs)).to.deep.equal(['a', 'b']);
      await under.registry.leave('b');
      expect(await under.registry.join('a', longMs)).to.deep.equal(['a']);
    });

    it('forgets a member that does not say again that it lives', async () => {
      await under.registry.join('a', shortMs);
      await under.elapse();
      expect(await under.registry.join('b', longMs)).to.deep.equal(['b']);
    });

    it('tells who is a member without joining, and forgets the last one, too', async () => {
      expect(await under.registry.members()).to.deep.equal([]);
      await under.registry.join('b', longMs);
      await under.registry.join('a', longMs);
      expect(await under.registry.members()).to.deep.equal(['a', 'b']);
      await under.registry.leave('a');
      await under.registry.leave('b');
      await under.registry.join('a', shortMs);
      await under.elapse();
      expect(await under.registry.members()).to.deep.equal([]);
    });

    it('tells who holds a shard, since when and how much longer', async () => {
      expect(await under.registry.holder(1)).to.equal(undefined);
      const token = await acquire(1, 'a');
      const holder = (await under.registry.holder(1)) ?? expect.fail('nobody holds it');
      expect(holder).to.include({ node: 'a', token });
      expect(holder.expiresInMs).to.be.within(1, longMs);
      await under.registry.release(1, token);
      await acquire(1, 'b', shortMs);
      const next = await under.registry.holder(1);
      expect(next?.heldSince)
        .to.be.at.least(holder.heldSince)
        .and.below(holder.heldSince + longMs);
      await under.elapse();
      expect(await under.registry.holder(1)).to.equal(undefined);
    });

    it('gives a shard to one node at a time', async () => {
      await acquire(1, 'a');
      expect(await under.registry.acquire(1, 'b', longMs)).to.equal(undefined);
      expect(await under.registry.acquire(1, 'a', longMs)).to.equal(undefined);
      await acquire(2, 'b');
    });

    it('gives each lease a higher epoch than the one before, also to the same node', async () => {
      const first = await acquire(1, 'a');
      await under.registry.release(1, first);
      const second = await acquire(1, 'a');
      await under.registry.release(1, second);
      const third = await acquire(1, 'b');
      const epochs = [first, second, third].map(epochOf);
      expect(epochs, [first, second, third].join()).to.deep.equal(epochs.toSorted((a, b) => a - b));
      expect(new Set(epochs).size).to.equal(3);
    });

    it('lets a lease run out that is not renewed, and does not renew it then', async () => {
      const first = await acquire(1, 'a', shortMs);
      await under.elapse();
      expect(await renew([{ shard: 1, token: first }])).to.deep.equal([false]);
      const second = await acquire(1, 'b');
      expect(epochOf(second)).to.be.greaterThan(epochOf(first));
    });

    it('renews the leases that are still held, and says of each whether it was', async () => {
      const mine = await acquire(1, 'a', longMs);
      const theirs = await acquire(2, 'b', longMs);
      const leases = [
        { shard: 1, token: mine },
        { shard: 2, token: `${theirs}0` },
        { shard: 3, token: 'a#1' },
      ];
      expect(await renew(leases)).to.deep.equal([true, false, false]);
    });

    it('counts the time of a lease from its last renewal', async () => {
      const token = await acquire(1, 'a', longMs);
      await renew([{ shard: 1, token }], shortMs);
      await under.elapse();
      await acquire(1, 'b');
    });

    it('takes a shard back only from who holds it', async () => {
      const first = await acquire(1, 'a');
      await under.registry.release(1, first);
      await acquire(1, 'b');
      await under.registry.release(1, first);
      expect(await under.registry.acquire(1, 'a', longMs)).to.equal(undefined);
    });
  });
}
