import { ObjectId, type Collection, type Db, type IndexDescription } from 'mongodb';
import { ActorError } from '../../define/errors.ts';
import { Batcher } from '../../flow/batcher.ts';
import { runtimeJson } from '../record-json.ts';
import {
  decodeRecord,
  versionOf,
  type ActorRecord,
  type ArchivePage,
  type StateStore,
  type StateWrite,
  type StoredActor,
} from '../state-store.ts';
import { fieldsOf, type MongoDocuments } from './mongo-documents.ts';
import { isBatchRefused, mongoFailure } from './mongo-errors.ts';
import { commandLimit, type CommandLimit } from './command-limit.ts';
import { writeBatch, type DocumentWrite, type StoredDocument } from './write-batch.ts';

export interface MongoStateStoreOptions<S> {
  readonly database: Db;
  readonly documents: MongoDocuments<S>;
  /** Actors in one command at most. Default: 256. */
  readonly maxBatch?: number;
  /** How long one command may take in all. Default: 10,000 ms. */
  readonly commandLimitMs?: number;
  /** Writes that may wait; beyond that a write is refused with `unavailable`. Default: 10,000. */
  readonly maxWaiting?: number;
}

/**
 * The store of record of one actor type in MongoDB, which may be a single server or a replica set. What is written in
 * the same moment goes out as one unordered `bulkWrite`; every caller learns only of its own document. A write counts
 * once a majority of the members has it in its journal.
 *
 * It has no outbox: a write with events is refused with `internal`. So is a document that the database never takes.
 * Everything else that fails is `unavailable`, its outcome unknown.
 */
export class MongoStateStore<S> implements StateStore {
  readonly #collection: Collection<StoredDocument>;
  readonly #documents: MongoDocuments<S>;
  readonly #writes: Batcher<DocumentWrite, boolean>;
  readonly #loads: Batcher<string, StoredDocument | undefined>;
  readonly #limit: CommandLimit;

  private constructor({ database, documents, ...options }: MongoStateStoreOptions<S>) {
    this.#documents = documents;
    this.#limit = commandLimit(options.commandLimitMs);
    this.#collection = database.collection(documents.collection, {
      writeConcern: { w: 'majority', journal: true, wtimeoutMS: 5_000 },
      // What a majority does not have yet may be taken back, and must not have been answered.
      readConcern: 'majority',
      readPreference: 'primary',
      ignoreUndefined: true,
    });
    const limits = {
      maxBatch: options.maxBatch ?? 256,
      maxWaiting: options.maxWaiting ?? 10_000,
      // While one batch is on its way to the disk, the next is already being sent.
      maxInFlight: 2,
    };
    this.#writes = new Batcher({
      ...limits,
      name: `writes to ${documents.collection}`,
      keyOf: (write) => write.key,
      flush: (writes) => this.#writeAll(writes),
    });
    this.#loads = new Batcher({
      ...limits,
      name: `reads of ${documents.collection}`,
      keyOf: (key) => key,
      flush: (keys) => this.#loadAll(keys),
    });
  }

  /** Makes the indexes that are not there. @throws ActorError `unavailable` */
  static async open<S>(options: MongoStateStoreOptions<S>): Promise<MongoStateStore<S>> {
    const store = new MongoStateStore(options);
    try {
      await store.#collection.createIndexes(indexesOf(options.documents));
    } catch (cause) {
      const { collection } = options.documents;
      const message = `collection ${collection}: its indexes cannot be made: ${(cause as Error).message}`;
      throw new ActorError('unavailable', message, { cause });
    }
    return store;
  }

  async load(key: string): Promise<StoredActor | undefined> {
    const document = await this.#loads.add(key);
    if (document === undefined) return undefined;
    const { version, runtime, archive, updated_at } = document;
    const record = decodeRecord(key, {
      runtime: () => JSON.parse(runtime) as ActorRecord,
      archive: () => (archive === undefined ? undefined : (JSON.parse(archive) as readonly ArchivePage[])),
      state: () => this.#documents.fromFields(document),
    });
    return { version, updatedAt: Number(updated_at), record };
  }

  async write(write: StateWrite): Promise<boolean> {
    const { key, expectedVersion, record, events, now } = write;
    if (events.length > 0)
      throw new ActorError('internal', `${key}: a MongoDB store has no outbox for events`);
    if (write.removes === true) return this.#writes.add({ key, expectedVersion });
    const { state, archive } = record;
    const keepsArchive = write.keepsArchive === true && archive !== undefined;
    const due = record.effects[0]?.notBefore;
    const document = {
      ...fieldsOf(this.#documents, key, state as S),
      _id: key,
      version: versionOf(write),
      write_id: new ObjectId(),
      runtime: runtimeJson(record),
      ...(archive === undefined || keepsArchive ? {} : { archive: JSON.stringify(archive) }),
      due_at: due === undefined ? null : new Date(due),
      updated_at: new Date(now),
    };
    return this.#writes.add({ key, expectedVersion, document, keepsArchive });
  }

  async unfinished(dueBefore: number, limit: number, writtenAfter?: number): Promise<string[]> {
    try {
      // The type is what tells MongoDB that the partial index holds all that is asked for.
      const any = { $type: 'date' } as const;
      const due = { due_at: { ...any, $lt: new Date(dueBefore) } };
      const dueOrAhead = (at: number) => ({ due_at: any, $or: [due, { updated_at: { $gt: new Date(at) } }] });
      const wanted = writtenAfter === undefined ? due : dueOrAhead(writtenAfter);
      const found = await this.#limit((limited) => {
        const options = { projection: { _id: 1 }, sort: { due_at: 1 }, limit, ...limited } as const;
        return this.#collection.find(wanted, options).toArray();
      });
      return found.map(({ _id }) => _id);
    } catch (error) {
      throw mongoFailure(this.#documents.collection, error);
    }
  }

  /** Waits for the reads and writes under way. The connection stays open: it belongs to who made it. */
  async close(): Promise<void> {
    await Promise.all([this.#writes.drained(), this.#loads.drained()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Halves a batch that is refused as a whole until only the bad document is left alone with its error. */
  async #writeAll(writes: readonly DocumentWrite[]): Promise<PromiseSettledResult<boolean>[]> {
    try {
      return await writeBatch(this.#collection, writes, this.#limit);
    } catch (error) {
      if (isBatchRefused(error) && writes.length > 1) {
        const middle = writes.length >> 1;
        const head = await this.#writeAll(writes.slice(0, middle));
        return [...head, ...(await this.#writeAll(writes.slice(middle)))];
      }
      const reason = mongoFailure(this.#documents.collection, error);
      return writes.map(() => ({ status: 'rejected', reason }));
    }
  }

  async #loadAll(keys: readonly string[]): Promise<PromiseSettledResult<StoredDocument | undefined>[]> {
    try {
      const documents = await this.#limit((limited) =>
        this.#collection.find({ _id: { $in: [...keys] } }, limited).toArray(),
      );
      const found = new Map(documents.map((document) => [document._id, document]));
      return keys.map((key) => ({ status: 'fulfilled', value: found.get(key) }));
    } catch (error) {
      throw mongoFailure(this.#documents.collection, error);
    }
  }
}

function indexesOf({
  unique = [],
  retentionMs,
}: Pick<MongoDocuments<unknown>, 'unique' | 'retentionMs'>): IndexDescription[] {
  const indexes: IndexDescription[] = [
    ...unique.map((field) => ({ name: `${field}_unique`, key: { [field]: 1 }, unique: true })),
    { name: 'due', key: { due_at: 1 }, partialFilterExpression: { due_at: { $type: 'date' } } },
  ];
  if (retentionMs === undefined) return indexes;
  const forgotten = {
    name: 'forgotten',
    key: { updated_at: 1 },
    expireAfterSeconds: Math.ceil(retentionMs / 1000),
    // Who still has something to do is not removed, however long it waits for that.
    partialFilterExpression: { due_at: null },
  };
  return [...indexes, forgotten];
}
