import { LRUCache } from 'lru-cache';

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
    const cents = Math.abs(this.cents);
    const rest = cents % 100;
    return `${this.cents < 0 ? '-' : ''}${(cents - rest) / 100}.${rest < 10 ? '0' : ''}${rest}`;
  }
}

/** The body of an answer, as it leaves. */
export interface Body {
  /** In bytes. */
  readonly length: number;
  /** A text is of ASCII alone, and encoded as `sentAs`. */
  readonly sent: string | Buffer;
}

/** How a text is sent: of ASCII all encodings are the same, and this is the quickest. */
export const sentAs = 'latin1';
/** Node joins a text with the head of its answer, and writes both at once: for a long one that costs more than it saves. */
const longestText = 8_192;

/** Text that was written before, most of it JSON, in the form in which it leaves. */
export class WrittenText implements Body {
  readonly length: number;
  readonly sent: string | Buffer;

  constructor(text: string) {
    this.length = Buffer.byteLength(text);
    this.sent = this.length === text.length && text.length <= longestText ? text : bytesOf(text, this.length);
  }

  toString(): string {
    return this.sent.toString();
  }
}

/** Of their own size: a slice of Node's pool would keep all of that alive. */
function bytesOf(text: string, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  bytes.write(text);
  return bytes;
}

export function toJsonBody(value: Json): Body {
  return value instanceof WrittenText ? value : new WrittenText(toJsonText(value));
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
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof Money || value instanceof WrittenText) return value.toString();
  return isList(value) ? listText(value) : objectText(value);
}

function listText(list: readonly Json[]): string {
  let text = '[';
  let separator = '';
  for (const element of list) {
    text += separator + toJsonText(element);
    separator = ',';
  }
  return `${text}]`;
}

function objectText(value: { readonly [name: string]: Json | undefined }): string {
  let text = '{';
  let separator = '';
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (member === undefined) continue;
    text += separator + headOf(name) + toJsonText(member);
    separator = ',';
  }
  return `${text}}`;
}

/** Names of members with their colons. Users name the members of addresses, so those that are written most are kept. */
const heads = new LRUCache<string, string>({ max: 1_000 });

function headOf(name: string): string {
  let head = heads.get(name);
  if (head === undefined) heads.set(name, (head = `${quoted(name)}:`));
  return head;
}

/** Printable ASCII but for the quote and the backslash: JSON writes it as it is. */
const plain = /^[ !#-[\]-~]*$/;

/** As `JSON.stringify` writes a text, for most of them more quickly. */
function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
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
