import { createHash } from 'node:crypto';
import type pg from 'pg';

/** A server keeps them for each connection. */
const maxNames = 200;

/**
 * Names statements, so that a connection parses and plans each once: for a write of a state that is more work than all
 * the rest of it. Beyond so many texts, one goes without a name.
 */
export function preparedStatements(): (text: string, values: unknown[]) => pg.QueryConfig {
  const names = new Map<string, string>();
  return (text, values) => {
    let name = names.get(text);
    if (name === undefined && names.size < maxNames) {
      name = createHash('sha256').update(text).digest('base64url');
      names.set(text, name);
    }
    return { text, values, ...(name === undefined ? {} : { name }) };
  };
}
