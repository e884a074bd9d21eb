import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { isStillValid } from './still-valid.ts';

const Line = z.object({ id: z.uuid(), count: z.int().min(1).max(9), note: z.string().max(3).optional() });
const Entry = z.union([z.object({ kind: z.literal('sum'), of: z.array(z.int()).min(1) }), z.null()]);
const State = z.object({
  id: z.uuid(),
  lines: z.array(Line).min(1).max(4),
  names: z.array(z.string().min(1)).length(2),
  entries: z.array(Entry).optional(),
  owner: z.object({ at: z.int(), address: z.looseObject({ city: z.string() }) }).nullable(),
  range: z.object({ from: z.int(), to: z.int() }).refine(({ from, to }) => from <= to),
  byName: z.record(z.string(), z.int()),
});
type State = z.infer<typeof State>;

const id = '5b0f5a52-3c1e-4d6f-8a51-0f9f0d1b7a64';
const before: State = {
  id,
  lines: [
    { id, count: 1 },
    { id, count: 2, note: 'two' },
    { id, count: 3 },
  ],
  names: ['a', 'b'],
  entries: [{ kind: 'sum', of: [1, 2] }, null],
  owner: { at: 1, address: { city: 'Ulm' } },
  range: { from: 1, to: 2 },
  byName: { a: 1 },
};

/** Places in a value: of its members and elements, however deep. */
function placesIn(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, part]) => [
    [name],
    ...placesIn(part).map((rest) => [name, ...rest]),
  ]);
}

/** A copy with another value in one place, which shares all else. */
function withPart(value: unknown, [name, ...rest]: readonly string[], change: Change): unknown {
  const copy = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  const members = copy as Record<string, unknown>;
  if (name === undefined) return value;
  if (rest.length > 0) members[name] = withPart(members[name], rest, change);
  else if (change !== 'remove') members[name] = change.value;
  else if (Array.isArray(copy)) copy.splice(Number(name), 1);
  else Reflect.deleteProperty(members, name);
  return copy;
}

type Change = 'remove' | { readonly value: unknown };
const values: unknown[] = [
  undefined,
  null,
  0,
  5,
  1.5,
  '',
  'x',
  'long',
  id,
  [],
  [1],
  ['x', 'y'],
  {},
  [before.lines[0]],
];
values.push(before.lines[1], before.owner, { from: 3, to: 2 }, { kind: 'sum', of: [] }, { city: 1 });
const change = fc.oneof(
  fc.constant('remove' as const),
  fc.constantFrom(...values).map((value) => ({ value })),
);

describe('what is still as its schema says', () => {
  it('is nothing that the schema refuses, whatever has become another', () => {
    const changes = fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 4 });
    const seen = { valid: 0, refused: 0 };
    fc.assert(
      fc.property(changes, (made) => {
        let known: unknown = before;
        for (const [which, one] of made) {
          const places = placesIn(known);
          const next = withPart(known, places[which % places.length] ?? [], one);
          const isValid = z.safeParse(State, next).success;
          if (isStillValid(State, next, known)) {
            expect(isValid, JSON.stringify(next)).to.equal(true);
            seen.valid++;
          } else seen.refused += isValid ? 0 : 1;
          if (isValid) known = next;
        }
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(seen.valid, seen.refused)).to.be.greaterThan(200);
  });

  it('is not looked at again where it is the same', () => {
    let looked = 0;
    const Word = z.string().refine(() => ++looked > 0);
    const Text = z.object({
      title: Word,
      words: z.array(Word).max(3),
      parts: z.array(z.object({ word: Word })),
    });
    const text = { title: 'a', words: ['a', 'b', 'c'], parts: [{ word: 'a' }, { word: 'b' }] };
    const looks = (next: object) => {
      looked = 0;
      expect(isStillValid(Text, next, text)).to.equal(true);
      return looked;
    };
    expect(looks(text), 'nothing else').to.equal(0);
    expect(looks({ ...text }), 'a copy').to.equal(0);
    expect(looks({ ...text, title: 'b' }), 'a member').to.equal(1);
    expect(looks({ ...text, words: ['b', 'c', 'd'] }), 'the first out, another in').to.equal(1);
    expect(looks({ ...text, parts: text.parts.slice(1) }), 'an object out').to.equal(0);
    expect(looks({ ...text, parts: [...text.parts, { word: 'c' }] }), 'an object in').to.equal(1);
  });

  it('is told also of a schema that holds itself', () => {
    const Tree = z.object({
      name: z.string(),
      get branches() {
        return z.array(Tree);
      },
    });
    const leaf = { name: 'leaf', branches: [] };
    const tree = { name: 'root', branches: [leaf] };
    expect(
      isStillValid(Tree, { ...tree, branches: [leaf, { name: 'new', branches: [leaf] }] }, tree),
    ).to.equal(true);
    expect(isStillValid(Tree, { ...tree, branches: [leaf, { name: 'new' }] }, tree)).to.equal(false);
  });
});
