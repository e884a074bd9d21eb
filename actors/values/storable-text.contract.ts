import { z } from 'zod';

/** PostgreSQL takes neither NUL nor half a surrogate pair, in TEXT as in JSONB. */
export const storableText = /^[^\0\uD800-\uDFFF]*$/u;

/** Of `maxLength` characters at most. */
export const StorableText = (maxLength: number) =>
  z.string().max(maxLength).regex(storableText, 'well-formed text');

/** For text that is not ours to refuse: what can't be stored becomes U+FFFD. */
export function toStorableText(text: string): string {
  return text.replace(/[\0\uD800-\uDFFF]/gu, '\uFFFD');
}
