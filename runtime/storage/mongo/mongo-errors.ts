import { BSON, MongoBulkWriteError, MongoInvalidArgumentError } from 'mongodb';
import { ActorError } from '../../define/errors.ts';

const duplicateKey = 11000;

/** What a server says of a document, not of itself. */
const documentCodes = new Set([
  2, // BadValue
  9, // FailedToParse
  14, // TypeMismatch
  15, // Overflow: nested too deep
  22, // InvalidBSON
  52, // DollarPrefixedFieldName
  56, // EmptyFieldName
  121, // DocumentValidationFailure
  10334, // BSONObjectTooLarge
  17280, // KeyTooLong
  duplicateKey,
]);

/** What a server says of a whole command because of a document in it. Others of the codes may be about the command. */
const documentCodesOfCommands = new Set([15, 22, 10334, 17280]);

/** How one write of many was refused, while the others went on. */
export interface RefusedWrite {
  readonly index: number;
  readonly code: number | undefined;
  readonly message: string;
}

/** What became of a batch that the server carried out, with the writes that it refused. */
export interface RefusingResult {
  readonly matchedCount: number;
  readonly deletedCount: number;
  readonly refused: readonly RefusedWrite[];
}

/**
 * What the error says of each write, when it says it: the driver gives the same class to a batch whose connection
 * broke, or that too few members have confirmed. Of such a batch nothing is known.
 */
export function refusingResult(error: unknown): RefusingResult | undefined {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined)
    return undefined;
  const errors = [error.writeErrors].flat();
  if (errors.length === 0) return undefined;
  const refused = errors.map(({ index, code, errmsg }) => ({ index, code, message: errmsg ?? '' }));
  const { matchedCount, deletedCount } = error.result;
  return { matchedCount, deletedCount, refused };
}

const keyTaken = /^E11000 duplicate key error collection: \S+ index: _id_ dup key/;

/** Whether another document has this key: a race was lost. */
export function isKeyTaken({ code, message }: RefusedWrite): boolean {
  return code === duplicateKey && keyTaken.test(message);
}

/**
 * Whether a batch was refused as a whole because of a document in it, and nothing of it was written: by the driver
 * before it was sent, or by the server.
 */
export function isBatchRefused(error: unknown): boolean {
  if (error instanceof MongoInvalidArgumentError || BSON.BSONError.isBSONError(error)) return true;
  if (!(error instanceof MongoBulkWriteError) || !documentCodesOfCommands.has(Number(error.code)))
    return false;
  // A large batch goes out in several commands: the first of them may have been carried out.
  const { matchedCount, upsertedCount, deletedCount } = error.result;
  return matchedCount === 0 && upsertedCount === 0 && deletedCount === 0;
}

/** `internal` for a document that is never taken, else `unavailable`. */
export function refusalOf(collection: string, { code, message }: Omit<RefusedWrite, 'index'>): ActorError {
  const kind = code !== undefined && documentCodes.has(code) ? 'internal' : 'unavailable';
  return new ActorError(kind, `collection ${collection}: ${message.slice(0, 300)}`);
}

/** `internal` when the batch was refused for what is in it, else `unavailable`: the outcome is unknown. */
export function mongoFailure(collection: string, error: unknown): ActorError {
  if (isBatchRefused(error)) {
    const message = (error as Error).message.slice(0, 300);
    return new ActorError('internal', `collection ${collection}: ${message}`, { cause: error });
  }
  return new ActorError('unavailable', `collection ${collection}: the database does not answer`, {
    cause: error,
  });
}
