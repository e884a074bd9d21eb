/** Deeper, a value is taken to hold itself. */
const maxDepth = 500;

type Indexed = Readonly<Record<string | number, unknown>>;

/**
 * Where and why JSON would not give a value back as it is: `.items[3].at is a Date`; undefined: it would.
 * @param kept what was kept in its place before: what they share is known to be carried, and frozen
 */
function uncarriedPart(value: unknown, kept: unknown, freezes: boolean, depth: number): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : ` is ${value}`;
    case 'bigint':
    case 'function':
    case 'symbol':
      return ` is a ${typeof value}`;
    case 'object':
      if (value === null || value === kept) return undefined;
      return partOf(value, typeof kept === 'object' ? (kept as Indexed | null) : null, freezes, depth);
    default:
      return undefined;
  }
}

function partOf(value: object, kept: Indexed | null, freezes: boolean, depth: number): string | undefined {
  if (depth > maxDepth) return ' is nested too deeply, or in itself';
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      const part =
        element === undefined ? ' is undefined' : uncarriedPart(element, kept?.[i], freezes, depth + 1);
      if (part !== undefined) return `[${i}]${part}`;
    }
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    // Of whatever realm: only the prototype of plain objects has none itself.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      return ` is a ${value.constructor.name}`;
    for (const name of Object.keys(value)) {
      const part = uncarriedPart((value as Indexed)[name], kept?.[name], freezes, depth + 1);
      if (part !== undefined) return `.${name}${part}`;
    }
  }
  if (freezes) Object.freeze(value);
  return undefined;
}

function faultOf(what: string, value: unknown, kept: unknown, freezes: boolean): string | undefined {
  const part = uncarriedPart(value, kept, freezes, 0);
  return part === undefined ? undefined : `${what}${part}, which JSON cannot carry`;
}

/** What is wrong with a value that is to be JSON, and where; undefined: nothing. */
export function valueFault(what: string, value: unknown): string | undefined {
  return faultOf(what, value, undefined, false);
}

/** For what a handler makes. @throws TypeError */
export function checkCarried(what: string, value: unknown): void {
  const fault = valueFault(what, value);
  if (fault !== undefined) throw new TypeError(fault);
}

/**
 * For what an actor keeps: held against what JSON carries and frozen, so that it stays what was held against it, and
 * what its store has.
 * @param before what is kept already, and shares most with it: only what is new is looked at
 * @throws TypeError
 */
export function keep<T>(what: string, value: T, before?: unknown): T {
  const fault = faultOf(what, value, before, true);
  if (fault !== undefined) throw new TypeError(fault);
  return value;
}

const ownMember = { writable: true, enumerable: true, configurable: true };

/** What JSON would give back of a value that it can carry, without the text between. */
export function carriedCopy(value: unknown): unknown {
  // JSON has one zero.
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map(carriedCopy);
  // Member by member: V8 gives each frozen clone a shape of its own.
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    const member = (value as Indexed)[name];
    if (member === undefined) continue;
    if (name !== '__proto__') copy[name] = carriedCopy(member);
    else Object.defineProperty(copy, name, { ...ownMember, value: carriedCopy(member) });
  }
  return copy;
}
