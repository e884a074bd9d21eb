/** What a JSON text is called in `Content-Type`. */
export const jsonType = 'application/json; charset=utf-8';

/** An amount in integer cents that leaves as a JSON number with two decimals. */
export class Money {
  readonly cents: number;

  constructor(cents: number) {
    if (!Number.isSafeInteger(cents)) throw new RangeError(`an amount is an integer of cents, not ${cents}`);
    this.cents = cents;
  }

  toString(): string {
    const digits = String(Math.abs(this.cents)).padStart(3, '0');
    return `${this.cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  }
}

/** Text that was written before, most of it JSON, in the form in which it leaves. */
export class WrittenText {
  readonly bytes: Buffer;

  constructor(text: string) {
    // Of its own size: a slice of Node's pool would keep all of that alive.
    this.bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
    this.bytes.write(text);
  }
}

/** What is sent of it. */
export function toJsonBytes(value: Json): Buffer {
  return value instanceof WrittenText ? value.bytes : Buffer.from(toJsonText(value));
}

export type Json =
  | null
  | boolean
  | number
  | string
  | Money
  | WrittenText
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/**
 * JSON text. `JSON.stringify` can't do this: it prints 1300 for 1300.00, and a division of cents by 100 is a
 * rounding waiting to happen. Members that are `undefined` are left out.
 */
export function toJsonText(value: Json): string {
  if (value instanceof Money) return value.toString();
  if (value instanceof WrittenText) return value.bytes.toString();
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) return `[${value.map(toJsonText).join(',')}]`;
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${toJsonText(member)}`);
  }
  return `{${members.join(',')}}`;
}

// Array.isArray does not narrow a readonly array away from the object that is left.
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Writes the JSON of a value that does not change once, and remembers it for as long as that very value is there. */
export function writtenOnce<V extends object>(jsonOf: (value: V) => Json): (value: V) => WrittenText {
  const written = new WeakMap<V, WrittenText>();
  return (value) => {
    let text = written.get(value);
    if (text === undefined) {
      text = new WrittenText(toJsonText(jsonOf(value)));
      written.set(value, text);
    }
    return text;
  };
}
