import { expect } from 'chai';
import type { ContractReport } from '../../inspect/contract-report.ts';
import { stepsKept, type NodeBoard, type NodePost, type ShardStep } from '../../inspect/node-board.ts';
import type { NodeDetails } from '../../inspect/node-report.ts';
import { shortMs } from './shard-registry.suite.ts';

export interface NodeBoardUnderTest {
  readonly board: NodeBoard;
  /** Resolves when everything that was given `shortMs` has run out. */
  elapse(): Promise<void>;
  /** Loses all that was posted. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

const longMs = 60_000;

/** What every board of nodes keeps. */
export function describeNodeBoard(name: string, open: () => Promise<NodeBoardUnderTest>): void {
  describe(`node board: ${name}`, () => {
    let under: NodeBoardUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    const details = (version: string): NodeDetails => ({
      ...{ process: 'host/1', version, startedAt: 1, lastSeenAt: 2, shards: 3, activations: { cart: 4 } },
      ...{ turnsPerSecond: 5, messagesPerSecond: 6, retriesPerSecond: 0, loopDelayMs: 7, memoryInUse: 0.5 },
      ...{ busiestKeys: [{ type: 'cart', key: 'ä', turnsPerSecond: 1 }], residentBytes: 8, failures: [] },
    });
    const contract = (type: string): ContractReport => ({
      ...{ type, version: 1, onPoison: 'park', refusals: [], effects: [], messages: [] },
    });
    const step = (shard: number, node = 'a'): ShardStep => ({ shard, node, at: shard, why: 'acquired' });
    const post = (
      version: string,
      contracts: readonly ContractReport[],
      steps: readonly ShardStep[] = [],
    ): NodePost => ({
      details: details(version),
      contracts,
      steps,
    });
    const carts = [contract('cart')];

    it('shows what each node posted last, and nothing of one that did not', async () => {
      await under.board.post('a', post('1', carts), longMs);
      await under.board.post('b', post('1', carts), longMs);
      await under.board.post('b', post('2', carts), longMs);
      expect(await under.board.details(['b', 'x', 'a'])).to.deep.equal([
        details('2'),
        undefined,
        details('1'),
      ]);
      expect(await under.board.details([])).to.deep.equal([]);
    });

    it('forgets a node that does not post again, and one that has left', async () => {
      await under.board.post('a', post('1', carts), longMs);
      await under.board.post('b', post('1', carts), shortMs);
      await under.board.remove('a', [step(1)]);
      await under.elapse();
      expect(await under.board.details(['a', 'b'])).to.deep.equal([undefined, undefined]);
      expect(await under.board.contracts(['a', 'b'])).to.deep.equal([]);
      expect(await under.board.steps(10)).to.deep.equal([step(1)]);
    });

    it('has the contracts of many nodes once', async () => {
      await under.board.post('a', post('1', carts), longMs);
      await under.board.post('b', post('1', [contract('cart')]), longMs);
      await under.board.post('c', post('1', [contract('order')]), longMs);
      expect(await under.board.contracts(['a', 'b'])).to.deep.equal([carts]);
      expect(await under.board.contracts(['a', 'c'])).to.deep.equal([carts, [contract('order')]]);
    });

    it('has everything again with the next post after it was emptied', async () => {
      await under.board.post('a', post('1', carts), longMs);
      await under.empty();
      expect(await under.board.contracts(['a'])).to.deep.equal([]);
      await under.board.post('a', post('1', carts), longMs);
      expect(await under.board.contracts(['a'])).to.deep.equal([carts]);
    });

    it('keeps the steps of shards, the latest first and so many at most', async () => {
      const steps = Array.from({ length: stepsKept + 500 }, (_, i) => step(i));
      await under.board.post('a', post('1', carts, steps.slice(0, 600)), longMs);
      await under.board.post('b', post('1', carts, steps.slice(600)), longMs);
      const kept = await under.board.steps(stepsKept);
      expect(kept.map(({ shard }) => shard)).to.deep.equal(
        steps
          .slice(-stepsKept)
          .map(({ shard }) => shard)
          .reverse(),
      );
      expect(await under.board.steps(1)).to.deep.equal(steps.slice(-1));
    });
  });
}
