import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { defineActor } from './actor.ts';
import { delayFault, nameFault, timeoutFault } from './bounds.ts';
import { carriedCopy, keep, valueFault } from './carried-value.ts';
import { pause, systemClock } from './clock.ts';
import { defineContract } from './contract.ts';

const thrown = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof TypeError ? error.message : `not a TypeError: ${String(error)}`;
  }
};

describe('what JSON cannot carry', () => {
  const contractOf = (input: z.ZodType, output: z.ZodType = z.object({})) =>
    defineContract({ type: 'clinic', key: z.string(), messages: { Book: { input, output } } });
  const actorOf = (state: z.ZodType<object>) =>
    defineActor(contractOf(z.object({})), { state, initial: () => ({}), receive: { Book: () => ({}) } });

  const not: [z.ZodType, string][] = [
    [z.date(), 'a Date'],
    [z.bigint(), 'a bigint'],
    [z.map(z.string(), z.number()), 'a Map'],
    [z.set(z.string()), 'a Set'],
    [z.symbol(), 'a symbol'],
    [z.nan(), 'NaN'],
    [z.promise(z.string()), 'a promise'],
  ];
  for (const [schema, name] of not) {
    it(`is ${name}, and a contract or an actor that wants one is refused where it is defined`, () => {
      const nested = z.object({ days: z.array(z.object({ at: schema.optional() })) });
      const part = (of: string) => `actor 'clinic': ${of}.days[].at is ${name}, which JSON has not`;
      expect(thrown(() => contractOf(nested))).to.equal(part('Book: input'));
      expect(thrown(() => contractOf(z.object({}), nested))).to.equal(part('Book: output'));
      expect(thrown(() => actorOf(nested))).to.equal(part('state'));
    });
  }

  it('is undefined in an array, but not in an object', () => {
    expect(thrown(() => contractOf(z.array(z.string().optional())))).to.match(
      /input\[\] is undefined in an array/,
    );
    expect(thrown(() => contractOf(z.object({ note: z.string().optional() }), z.void()))).to.equal(undefined);
  });

  it('is a state that would be transformed with each loading; what comes in may be', () => {
    const trimmed = z.object({ name: z.string().transform((name) => name.length) });
    expect(thrown(() => actorOf(trimmed))).to.equal(
      "actor 'clinic': state.name is transformed, and would be again each time it is loaded",
    );
    expect(thrown(() => contractOf(trimmed, trimmed))).to.equal(undefined);
  });

  it('is not what comes in as text and is coerced', () => {
    expect(thrown(() => contractOf(z.object({ at: z.coerce.date(), cents: z.coerce.bigint() })))).to.equal(
      undefined,
    );
    expect(thrown(() => actorOf(z.object({ at: z.coerce.date() })))).to.match(/state.at is a Date/);
  });

  it('is not a schema that holds itself, nor a choice, a default or a tuple', () => {
    const tree = z.object({
      name: z.string().trim().default('root'),
      kind: z.union([z.literal('leaf'), z.literal(1), z.null()]),
      place: z.tuple([z.number(), z.number().optional()]),
      get children() {
        return z.array(tree);
      },
    });
    expect(thrown(() => actorOf(tree))).to.equal(undefined);
  });

  it('is found in a value, with its place', () => {
    const of = (value: unknown) => valueFault('input', value);
    class Money {
      cents = 1;
    }
    const ring: Record<string, unknown> = {};
    ring['itself'] = ring;
    const found: [unknown, string][] = [
      [{ at: new Date(0) }, '.at is a Date'],
      [{ lines: [{ cents: 1n }] }, '.lines[0].cents is a bigint'],
      [new Map(), ' is a Map'],
      [[1, undefined], '[1] is undefined'],

      [[, 1], '[0] is undefined'],
      [{ ratio: Number.NaN }, '.ratio is NaN'],
      [{ ratio: -Infinity }, '.ratio is -Infinity'],
      [{ run: () => 1 }, '.run is a function'],
      [Symbol('s'), ' is a symbol'],
      [{ price: new Money() }, '.price is a Money'],
      [Buffer.from('x'), ' is a Buffer'],
    ];
    for (const [value, part] of found) expect(of(value)).to.equal(`input${part}, which JSON cannot carry`);
    expect(of(ring)).to.match(/is nested too deeply, or in itself/);
  });

  it('is nothing of what JSON gives back as it was', () => {
    const value = {
      a: [1, 'x', null, true, { b: undefined }],
      c: Object.create(null) as object,
      d: '\ud800',
    };
    expect(valueFault('input', value)).to.equal(undefined);
    expect(valueFault('input', undefined)).to.equal(undefined);
  });
});

describe('what is kept', () => {
  it('is frozen, however deep, and held against JSON wherever it is not what was kept before', () => {
    const before = keep('state', { lines: [{ tags: ['a'] }, { tags: ['b'] }], at: 1 });
    expect(Object.isFrozen(before.lines[1]?.tags)).to.equal(true);
    const next = { ...before, lines: [...before.lines, Object.freeze({ tags: ['c'] })] };
    expect(keep('state', next, before)).to.equal(next);
    for (const part of [next, next.lines, next.lines[2]?.tags]) expect(Object.isFrozen(part)).to.equal(true);
    const moved = { ...next, lines: next.lines.slice(1) };
    expect(Object.isFrozen(keep('state', moved, next).lines)).to.equal(true);
    const dated = { ...next, lines: [...next.lines, { tags: [new Date(0)] }] };
    expect(() => keep('state', dated, next)).to.throw(
      TypeError,
      'state.lines[3].tags[0] is a Date, which JSON cannot carry',
    );
  });
});

describe('a copy of what JSON carries', () => {
  it('is what JSON would give back, and shares nothing with it', () => {
    const part = fc.constantFrom(undefined, -0, '\ud800');
    const value = fc.object({
      values: [fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), part],
    });
    fc.assert(
      fc.property(value, (made) => {
        fc.pre(valueFault('it', made) === undefined);
        expect(carriedCopy(made)).to.deep.equal(JSON.parse(JSON.stringify(made)));
      }),
    );
    const own = JSON.parse('{"__proto__":{"a":[1]},"b":null}') as object;
    expect(Object.entries(carriedCopy(own) as object)).to.deep.equal([
      ['__proto__', { a: [1] }],
      ['b', null],
    ]);
    const kept = keep('it', { lines: [{ tags: ['a'] }] });
    const copy = carriedCopy(kept) as typeof kept;
    copy.lines[0]?.tags.push('b');
    expect(kept).to.deep.equal({ lines: [{ tags: ['a'] }] });
    expect([undefined, null, 'a', false].map(carriedCopy)).to.deep.equal([undefined, null, 'a', false]);
  });
});

describe('times and names that callers give', () => {
  it('are within bounds', () => {
    for (const ms of [1, 0.5 + 1, 30 * 86_400_000, 365 * 86_400_000]) {
      expect([delayFault(ms), timeoutFault(ms)], String(ms)).to.deep.equal([undefined, undefined]);
    }
    for (const ms of [Number.NaN, Infinity, -1, 366 * 86_400_000]) {
      expect(delayFault(ms)).to.equal(`a delay is 0 to 31536000000 ms, not ${ms}`);
      expect(timeoutFault(ms)).to.equal(`a time-out is 1 to 31536000000 ms, not ${ms}`);
    }
    expect([delayFault(0), timeoutFault(0)]).to.deep.equal([
      undefined,
      'a time-out is 1 to 31536000000 ms, not 0',
    ]);
  });

  it('are text', () => {
    expect(nameFault('a key', 'x'.repeat(512))).to.equal(undefined);
    expect(nameFault('a key', 'Ünï-👍')).to.equal(undefined);
    expect(nameFault('a key', '')).to.equal('a key is empty');
    expect(nameFault('a key', 'x'.repeat(513))).to.equal('a key has 513 characters; it may have 512');
    for (const name of ['a\0b', 'a\ud800']) {
      expect(nameFault('a key', name)).to.equal('a key has characters that are no text');
    }
  });
});

describe('the clock of the system', () => {
  it('waits for longer than the timers of Node reach', async () => {
    let isOver = false;
    const cancel = systemClock.schedule(2 ** 31, () => (isOver = true));
    // A timer that overflows ends after a millisecond.
    await pause(systemClock, 20);
    cancel();
    expect(isOver).to.equal(false);
  });
});
