import type { Collection, Document, ObjectId } from 'mongodb';
import { ActorError } from '../../define/errors.ts';
import type { CommandLimit } from './command-limit.ts';
import { isKeyTaken, refusalOf, refusingResult, type RefusedWrite } from './mongo-errors.ts';

/** The fields of the store; those of the mapping stand beside them. */
export interface StoredDocument extends Document {
  _id: string;
  version: number;
  write_id: ObjectId;
  runtime: string;
  archive?: string;
  due_at: Date | null;
  updated_at: Date;
}

export interface DocumentWrite {
  readonly key: string;
  readonly expectedVersion: number;
  /** Absent: the one that is stored is removed. */
  readonly document?: StoredDocument;
  /** The document gets the archive of the one that it replaces. */
  readonly keepsArchive?: boolean;
}

type Outcome = PromiseSettledResult<boolean>;

const told = (value: boolean): Outcome => ({ status: 'fulfilled', value });
const failed = (reason: ActorError): Outcome => ({ status: 'rejected', reason });

/**
 * Writes documents of different keys as one unordered `bulkWrite` and says of each what became of it.
 *
 * A first write is an upsert on version 0, which no document has: it makes the document or is refused because of its
 * key. Of the others MongoDB only counts how many found their version. All or none is the rule, and says it of each;
 * else the documents are read again, for the id of the write that each is from.
 *
 * @throws what the driver throws, when nothing is known of any of them
 */
export async function writeBatch(
  collection: Collection<StoredDocument>,
  writes: readonly DocumentWrite[],
  limit: CommandLimit,
): Promise<Outcome[]> {
  let counts: { readonly matchedCount: number; readonly deletedCount: number };
  let refused: readonly RefusedWrite[] = [];
  try {
    counts = await limit((limited) =>
      collection.bulkWrite(writes.map(operationOf), { ordered: false, ...limited }),
    );
  } catch (error) {
    const result = refusingResult(error);
    if (result === undefined) throw error;
    counts = result;
    ({ refused } = result);
  }
  const refusals = new Map(refused.map((refusal) => [refusal.index, refusal]));
  const later = writes.filter((write, index) => write.expectedVersion > 0 && !refusals.has(index));
  const [replacing, removing] = [later.filter(isReplacing), later.filter((write) => !isReplacing(write))];
  const outcomes = new Map([
    ...(await outcomesOf(collection, replacing, counts.matchedCount, limit)),
    ...(await outcomesOf(collection, removing, counts.deletedCount, limit)),
  ]);
  return writes.map((write, index) => {
    const refusal = refusals.get(index);
    if (refusal !== undefined)
      return isKeyTaken(refusal) ? told(false) : failed(refusalOf(collection.collectionName, refusal));
    return outcomes.get(write) ?? told(true);
  });
}

const isReplacing = ({ document }: DocumentWrite) => document !== undefined;

function operationOf({ key, expectedVersion, document, keepsArchive }: DocumentWrite) {
  const filter = { _id: key, version: expectedVersion };
  if (document === undefined) return { deleteOne: { filter } };
  if (keepsArchive === true) {
    const replaced = { $mergeObjects: [{ $literal: document }, { archive: '$archive' }] };
    return { updateOne: { filter, update: [{ $replaceWith: replaced }] } };
  }
  return { replaceOne: { filter, replacement: document, upsert: expectedVersion === 0 } };
}

/** What became of writes of one kind that expected a version, of which `count` found it. */
async function outcomesOf(
  collection: Collection<StoredDocument>,
  writes: readonly DocumentWrite[],
  count: number,
  limit: CommandLimit,
): Promise<ReadonlyMap<DocumentWrite, Outcome>> {
  if (count === writes.length || count === 0) return new Map(writes.map((write) => [write, told(count > 0)]));
  const keys = writes.map(({ key }) => key);
  // Local: the writes of others count too, also those that a majority does not have yet.
  const options = { projection: { version: 1, write_id: 1 }, readConcern: 'local' } as const;
  const found = await limit((limited) =>
    collection.find({ _id: { $in: keys } }, { ...options, ...limited }).toArray(),
  );
  const documents = new Map(found.map((document) => [document._id, document]));
  return new Map(writes.map((write) => [write, outcomeOf(write, documents.get(write.key))]));
}

function outcomeOf({ key, document }: DocumentWrite, stored: StoredDocument | undefined): Outcome {
  if (document === undefined) return stored === undefined ? unknown(key, 'gone') : told(false);
  // One that is gone was gone before: what was written a moment ago is not removed.
  if (stored === undefined || stored.version < document.version) return told(false);
  if (stored.version === document.version) return told(stored.write_id.equals(document.write_id));
  return unknown(key, 'written again since');
}

function unknown(key: string, what: string): Outcome {
  return failed(new ActorError('unavailable', `${key}: ${what}; whether by way of this write is not known`));
}
