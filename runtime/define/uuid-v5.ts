import { hash } from 'node:crypto';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Namespaces as bytes. A program has a few, and each is asked for again and again. */
const known = new Map<string, Buffer>();
const maxKnown = 100;

function bytesOf(namespace: string): Buffer {
  const found = known.get(namespace);
  if (found !== undefined) return found;
  if (!uuidPattern.test(namespace)) throw new RangeError(`a namespace must be a UUID: ${namespace}`);
  const bytes = Buffer.from(namespace.replaceAll('-', ''), 'hex');
  if (known.size < maxKnown) known.set(namespace, bytes);
  return bytes;
}

/**
 * The UUID of `name` within `namespace` (RFC 9562, version 5): the same two always give the same one,
 * so an id can be known before, and again after, the thing it names. Throws a RangeError when
 * `namespace` is not a UUID.
 */
export function uuidV5(namespace: string, name: string): string {
  const prefix = bytesOf(namespace);
  const named = Buffer.allocUnsafe(prefix.length + Buffer.byteLength(name));
  prefix.copy(named);
  named.write(name, prefix.length);
  const digest = hash('sha1', named);
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  const [first, second] = [digest.slice(0, 8), digest.slice(8, 12)];
  return `${first}-${second}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
