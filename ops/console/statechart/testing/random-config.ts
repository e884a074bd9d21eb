import fc from 'fast-check';
import type { createMachine } from 'xstate';

interface Shape {
  readonly key: string;
  readonly children: readonly Shape[];
  readonly kind: number;
}

const { tree } = fc.letrec<{ tree: Shape }>((tie) => ({
  tree: fc.record({
    key: fc.string({ maxLength: 6, unit: 'binary' }),
    children: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant([]),
      fc.array(tie('tree'), { maxLength: 3, size: 'max' }),
    ),
    kind: fc.nat(4),
  }),
}));

interface Draft {
  readonly id: string;
  readonly path: readonly string[];
  readonly config: Record<string, unknown>;
}

type Config = Parameters<typeof createMachine>[0];

/** Any machine: states in states, of every type, and transitions of every kind from anywhere to anywhere. */
export const randomConfig: fc.Arbitrary<Config> = fc
  .tuple(
    tree,
    fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(5), fc.string({ minLength: 1, maxLength: 8 })), {
      maxLength: 15,
    }),
  )
  .map(([shape, arrows]) => {
    const drafts: Draft[] = [];
    const root = configOf(shape, [], drafts);
    const sources = drafts.filter(
      ({ config }) => config['type'] === undefined || config['type'] === 'parallel',
    );
    for (const [from, to, kind, word] of arrows) {
      const source = sources[from % sources.length];
      const target = drafts[to % drafts.length];
      if (source !== undefined && target !== undefined) addArrow(source, target, kind, word);
    }
    return root;
  });

/** The first in its parent is no history, since its parent begins there; nor is one in a parallel state, which has no default. */
function configOf(
  shape: Shape,
  path: readonly string[],
  drafts: Draft[],
  mayBeHistory = false,
): Record<string, unknown> {
  const config: Record<string, unknown> = {};
  const id = `s${drafts.length}`;
  drafts.push({ id, path, config });
  config['id'] = id;
  if (shape.children.length === 0) {
    if (path.length > 0 && shape.kind === 1) config['type'] = 'final';
    if (mayBeHistory && shape.kind === 4) Object.assign(config, { type: 'history', history: 'deep' });
    return config;
  }
  // A number before the name: no two are the same, and none is a property of every object.
  const keys = shape.children.map(({ key }, index) => `${index}${key}`);
  const states = shape.children.map(
    (child, index) =>
      [
        keys[index],
        configOf(child, [...path, keys[index] ?? ''], drafts, index > 0 && shape.kind !== 2),
      ] as const,
  );
  config['states'] = Object.fromEntries(states);
  if (shape.kind === 2) config['type'] = 'parallel';
  else config['initial'] = keys[0];
  return config;
}

function addArrow({ config }: Draft, target: Draft, kind: number, word: string): void {
  const into = (property: string, event: string, transition: unknown) => {
    const events = (config[property] ??= {}) as Record<string, unknown[]>;
    // What stands in the prototype of every object is no list.
    const before = Object.hasOwn(events, event) ? (events[event] ?? []) : [];
    Object.defineProperty(events, event, {
      value: [...before, transition],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  };
  const to = { target: `#${target.id}`, reenter: kind === 1 };
  if (kind === 2) into('after', String(word.length * 1000), { ...to, actions: word });
  else if (kind === 3)
    config['always'] = [...((config['always'] ?? []) as unknown[]), { ...to, guard: word }];
  else if (kind === 4) into('on', word, { actions: word });
  else if (kind === 5) into('on', '*', { ...to, guard: word });
  else into('on', word, to);
}
