/** JSON for people to look at, as text; of what is large, the beginning. */
export interface Excerpt {
  readonly json: string;
  /** Of the whole, in UTF-8. */
  readonly bytes: number;
  /** `json` is only its beginning, and no JSON any more. */
  readonly isCut: boolean;
}

/** What JSON cannot tell is told in words. */
export function excerptOf(value: unknown, maxBytes: number): Excerpt {
  return cutJson(jsonOf(value), maxBytes);
}

/** The same, of what is JSON already. */
export function cutJson(json: string, maxBytes: number): Excerpt {
  // A character is a byte at least, and three at most.
  if (json.length * 3 <= maxBytes) return { json, bytes: Buffer.byteLength(json), isCut: false };
  const bytes = Buffer.byteLength(json);
  if (bytes <= maxBytes) return { json, bytes, isCut: false };
  // What the cut leaves of a character is no character.
  const kept = Buffer.from(json.slice(0, maxBytes))
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, '');
  return { json: kept, bytes, isCut: true };
}

function jsonOf(value: unknown): string {
  try {
    // In a list, since nothing alone is no JSON.
    return JSON.stringify([value]).slice(1, -1);
  } catch (error) {
    return JSON.stringify(`it cannot be told as JSON: ${String(error)}`);
  }
}
