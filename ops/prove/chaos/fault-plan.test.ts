import { expect } from 'chai';
import { faultsOfEveryRun, planFaults } from './fault-plan.ts';
import { createSeededRandom } from './seeded-random.ts';

describe('the plan of a chaos run', () => {
  const plan = (seed: number) => planFaults(createSeededRandom(seed), 2, faultsOfEveryRun);

  it('has every fault as often as asked, in the order in which they are due', () => {
    const kinds = plan(7).map(({ kind }) => kind);
    for (const kind of ['kill', 'freeze', 'drain', 'join', 'redis']) {
      expect(kinds.filter((one) => one === kind)).to.have.length(2);
    }
    const points = plan(7).map(({ at }) => at);
    expect(points).to.deep.equal([...points].sort((one, other) => one - other));
    expect(Math.max(...points)).to.be.below(0.9);
  });

  it('is the same for the same seed, and another for another', () => {
    expect(plan(7)).to.deep.equal(plan(7));
    expect(plan(7)).not.to.deep.equal(plan(8));
  });
});
