import { hash } from 'node:crypto';
import type { Envelope } from './mailbox.ts';

/** Short, and the same for the same text only. */
export function hashOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** What a request under an idempotency key was, its input's keys in the order in which the caller wrote them. */
export function fingerprintOf(name: string, input: unknown): string {
  return `${name}:${hashOf(JSON.stringify(input ?? null))}`;
}

/** The same, whatever the order of the keys. */
export function canonicalFingerprint({ name, input }: Pick<Envelope, 'name' | 'input'>): string {
  return `${name}:${hashOf(JSON.stringify(input ?? null, withSortedKeys))}`;
}

function withSortedKeys(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}
