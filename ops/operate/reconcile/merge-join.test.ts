import { expect } from 'chai';
import fc from 'fast-check';
import { mergeJoin, type Keyed } from './merge-join.ts';

describe('mergeJoin', () => {
  const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));
  const ids = fc.array(
    fc.oneof(fc.string({ unit: 'grapheme', maxLength: 3 }), fc.constantFrom('a', 'b', '\uFFFD', '𝒳')),
  );
  const rows = (some: readonly string[]): Keyed<string>[] =>
    [...some].sort(byBytes).map((id) => ({ id, row: id }));
  async function* late(some: readonly Keyed<string>[]) {
    for (const each of some) yield await Promise.resolve(each);
  }

  it('brings all rows of an id together, each id once, in the order of their bytes', () =>
    fc.assert(
      fc.asyncProperty(ids, ids, async (left, right) => {
        const joined: { id: string; left: number; right: number }[] = [];
        for await (const { id, rows: found } of mergeJoin({ left: rows(left), right: late(rows(right)) }))
          joined.push({ id, left: found.left.length, right: found.right.length });
        const count = (some: readonly string[], id: string) => some.filter((each) => each === id).length;
        const wanted = [...new Set([...left, ...right])]
          .sort(byBytes)
          .map((id) => ({ id, left: count(left, id), right: count(right, id) }));
        expect(joined).to.deep.equal(wanted);
      }),
    ));

  it('ends its sources when it is left early', async () => {
    let ended = false;
    function* endless() {
      try {
        for (let id = 0; ; id++) yield { id: String(id).padStart(9, '0'), row: id };
      } finally {
        ended = true;
      }
    }
    for await (const { id } of mergeJoin({ numbers: endless() })) if (id.endsWith('3')) break;
    expect(ended).to.equal(true);
  });
});
