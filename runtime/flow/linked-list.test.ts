import { expect } from 'chai';
import fc from 'fast-check';
import { heldBytes } from '../testing/held-bytes.ts';
import { LinkedList } from './linked-list.ts';

describe('LinkedList', () => {
  it('has what an array has, whatever comes and goes', () => {
    const step = fc.oneof(
      fc.constant('add' as const),
      fc.constant('shift' as const),
      fc.record({ leaves: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const list = new LinkedList<{ n: number }>();
        let model: number[] = [];
        const leaving: (() => void)[] = [];
        for (const one of steps) {
          if (one === 'add') {
            const n = leaving.length;
            model.push(n);
            leaving.push(list.add({ n }));
          } else if (one === 'shift') expect(list.shift()?.n).to.equal(model.shift());
          else {
            // Also one that has gone before.
            const n = one.leaves % Math.max(1, leaving.length);
            leaving[n]?.();
            model = model.filter((other) => other !== n);
          }
          expect(list.all().map(({ n }) => n)).to.deep.equal(model);
          expect(list.first?.n).to.equal(model[0]);
          expect(list.isEmpty).to.equal(model.length === 0);
        }
      }),
    );
  });

  it('keeps nothing of what has gone, without a collection of the whole heap', async () => {
    const list = new LinkedList<{ load: unknown }>();
    // Of 20 MB.
    expect(await heldBytes((load) => list.add({ load }))).to.be.below(2_000_000);
  });
});
