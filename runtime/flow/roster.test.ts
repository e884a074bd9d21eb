import { expect } from 'chai';
import fc from 'fast-check';
import { heldBytes } from '../testing/held-bytes.ts';
import { Roster } from './roster.ts';

describe('Roster', () => {
  it('has what a list has, whatever comes and goes', () => {
    const step = fc.oneof(
      fc.constant('add' as const),
      fc.constant('shift' as const),
      fc.record({ leaves: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const roster = new Roster<{ n: number }>();
        let list: number[] = [];
        const leaving: (() => void)[] = [];
        for (const one of steps) {
          if (one === 'add') {
            const n = leaving.length;
            list.push(n);
            leaving.push(roster.add({ n }));
          } else if (one === 'shift') expect(roster.shift()?.n).to.equal(list.shift());
          else {
            // Also one that has gone before.
            const n = one.leaves % Math.max(1, leaving.length);
            leaving[n]?.();
            list = list.filter((other) => other !== n);
          }
          expect(roster.all().map(({ n }) => n)).to.deep.equal(list);
          expect(roster.first?.n).to.equal(list[0]);
          expect(roster.isEmpty).to.equal(list.length === 0);
        }
      }),
    );
  });

  it('keeps nothing of what has gone, without a collection of the whole heap', async () => {
    const roster = new Roster<{ load: unknown }>();
    // Of 20 MB.
    expect(await heldBytes((load) => roster.add({ load }))).to.be.below(7_000_000);
  });
});
