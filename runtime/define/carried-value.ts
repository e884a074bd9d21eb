/** Deeper, a value is taken to hold itself. */
const maxDepth = 500;

/** Where and why JSON would not give a value back as it is: `.items[3].at is a Date`; undefined: it would. */
function uncarriedPart(value: unknown, depth: number): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : ` is ${value}`;
    case 'bigint':
    case 'function':
    case 'symbol':
      return ` is a ${typeof value}`;
    case 'object':
      return value === null ? undefined : partOf(value, depth);
    default:
      return undefined;
  }
}

function partOf(value: object, depth: number): string | undefined {
  if (depth > maxDepth) return ' is nested too deeply, or in itself';
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const element: unknown = value[i];
      const part = element === undefined ? ' is undefined' : uncarriedPart(element, depth + 1);
      if (part !== undefined) return `[${i}]${part}`;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of whatever realm: only the prototype of plain objects has none itself.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    return ` is a ${value.constructor.name}`;
  for (const [name, property] of Object.entries(value)) {
    const part = uncarriedPart(property, depth + 1);
    if (part !== undefined) return `.${name}${part}`;
  }
  return undefined;
}

/** What is wrong with a value that is to be JSON, and where; undefined: nothing. */
export function valueFault(what: string, value: unknown): string | undefined {
  const part = uncarriedPart(value, 0);
  return part === undefined ? undefined : `${what}${part}, which JSON cannot carry`;
}

/** For what a handler makes. @throws TypeError */
export function checkCarried(what: string, value: unknown): void {
  const fault = valueFault(what, value);
  if (fault !== undefined) throw new TypeError(fault);
}
