import type { Document } from 'mongodb';

/** Fields that the store itself reads and writes. */
const reserved = new Set(['_id', 'version', 'write_id', 'runtime', 'archive', 'due_at', 'updated_at']);

/**
 * How the state of one actor type lies in its collection, one document per actor. Besides the fields of the mapping a
 * document has those of the store:
 *
 * | field | what |
 * |---|---|
 * | `_id` | the actor's key |
 * | `version` | 1 with the first write, one more with each |
 * | `write_id` | of the last write, so that who wrote finds its own again |
 * | `runtime` | what the runtime must not forget, as JSON text: the answers in it may be any JSON, which BSON is not |
 * | `archive` | what the runtime has remembered for longer, as JSON text; absent where there is nothing |
 * | `due_at` | when the first effect or reminder is due; null: there is none |
 * | `updated_at` | time of the last write, from its `now` |
 *
 * @example
 * const counters: MongoDocuments<{ total: number }> = {
 *   collection: 'counters',
 *   toFields: (_key, state) => ({ total: state.total }),
 *   fromFields: (fields) => ({ total: Number(fields['total']) }),
 * };
 */
export interface MongoDocuments<S> {
  readonly collection: string;
  /** Fields of which no two documents may have the same value. */
  readonly unique?: readonly string[];
  /** An actor that was not written for so long and has nothing left to do is removed. Default: never. */
  readonly retentionMs?: number;
  /** A document takes the place of the one before as a whole. What is given must not be changed afterwards. */
  toFields(key: string, state: S): Document;
  /** Gets the fields with 64-bit integers as numbers, where these are safe. */
  fromFields(fields: Document): S;
}

/** The state as JSON text, for actors whose state nobody else reads: comes back to the letter, whatever it holds. */
export function jsonDocuments<S>(collection: string): MongoDocuments<S> {
  return {
    collection,
    toFields: (_key, state) => ({ state: JSON.stringify(state) }),
    fromFields: (fields) => JSON.parse(String(fields['state'])) as S,
  };
}

/** @throws TypeError when the mapping names a field that is the store's, or that MongoDB would take for an operator */
export function fieldsOf<S>(documents: MongoDocuments<S>, key: string, state: S): Document {
  const fields = documents.toFields(key, state);
  const wrong = Object.keys(fields).find((name) => reserved.has(name) || name.startsWith('$'));
  if (wrong === undefined) return fields;
  throw new TypeError(`collection ${documents.collection}: the mapping must not name the field '${wrong}'`);
}
