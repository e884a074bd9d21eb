import { expect } from 'chai';
import { MongoBulkWriteError, MongoNetworkError, ObjectId, type Collection } from 'mongodb';
import { codeOf } from '../../define/errors.ts';
import { commandLimit } from './command-limit.ts';
import { writeBatch, type StoredDocument } from './write-batch.ts';

type Row = Pick<StoredDocument, '_id' | 'version' | 'write_id'>;

const write = (key: string, expectedVersion: number) => ({
  key,
  expectedVersion,
  document: {
    ...{ _id: key, version: expectedVersion + 1, write_id: new ObjectId() },
    ...{ runtime: '{}', due_at: null, updated_at: new Date(0) },
  },
});

/** A collection that answers a batch so, and holds these documents when it is read afterwards. */
function answering(bulkWrite: () => unknown, rows: readonly Row[] = []) {
  let reads = 0;
  const collection = {
    collectionName: 'things',
    bulkWrite: async () => bulkWrite(),
    find: () => ({ toArray: async () => ((reads += 1), rows) }),
  };
  return { collection: collection as unknown as Collection<StoredDocument>, reads: () => reads };
}

const matched =
  (matchedCount: number, deletedCount = 0) =>
  () => ({ matchedCount, deletedCount });
const fail = (error: Error) => () => {
  throw error;
};
/** What the driver makes of it, whatever failed. */
const bulkError = (error: unknown, result: object = {}) =>
  new MongoBulkWriteError(
    error as Error,
    {
      matchedCount: 0,
      deletedCount: 0,
      getWriteConcernError: () => undefined,
      ...result,
    } as never,
  );

const settled = (results: readonly PromiseSettledResult<boolean>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? result.value : codeOf(result.reason)));

describe('a batch of writes to MongoDB', () => {
  it('is not read again when all or none found their versions', async () => {
    const all = answering(matched(2));
    expect(
      settled(
        await writeBatch(all.collection, [write('a', 1), write('b', 0), write('c', 3)], commandLimit()),
      ),
    ).to.deep.equal([true, true, true]);
    const none = answering(matched(0));
    expect(
      settled(
        await writeBatch(none.collection, [write('a', 1), write('b', 0), write('c', 3)], commandLimit()),
      ),
    ).to.deep.equal([false, true, false]);
    expect([all.reads(), none.reads()]).to.deep.equal([0, 0]);
  });

  it('tells each by its own write when some did not', async () => {
    const [ours, theirs, gone, behind] = [write('a', 1), write('b', 1), write('c', 1), write('d', 5)];
    const rows: Row[] = [
      ours.document,
      { ...theirs.document, write_id: new ObjectId() },
      { ...behind.document, version: 4 },
    ];
    const { collection } = answering(matched(1), rows);
    expect(settled(await writeBatch(collection, [ours, theirs, gone, behind], commandLimit()))).to.deep.equal(
      [true, false, false, false],
    );
  });

  it('tells removals by what is left', async () => {
    const removal = (key: string) => ({ key, expectedVersion: 1 });
    const writes = [removal('a'), removal('b'), write('c', 1)];
    const none = answering(matched(1, 0));
    expect(settled(await writeBatch(none.collection, writes, commandLimit()))).to.deep.equal([
      false,
      false,
      true,
    ]);
    const left = write('b', 1).document;
    const some = answering(matched(1, 1), [left]);
    expect(settled(await writeBatch(some.collection, writes, commandLimit()))).to.deep.equal([
      'unavailable',
      false,
      true,
    ]);
  });

  it('does not guess about one that was written over since', async () => {
    const [ours, passed] = [write('a', 1), write('b', 1)];
    const later = { ...passed.document, version: 3, write_id: new ObjectId() };
    const { collection } = answering(matched(1), [ours.document, later]);
    expect(settled(await writeBatch(collection, [ours, passed], commandLimit()))).to.deep.equal([
      true,
      'unavailable',
    ]);
  });

  it('tells who was refused, and why', async () => {
    const message = 'E11000 duplicate key error collection: trolley.things index';
    const writeErrors = [
      { index: 0, code: 11000, errmsg: `${message}: _id_ dup key: { _id: "a" }` },
      {
        index: 1,
        code: 11000,
        errmsg: `${message}: owner_unique dup key: { owner: " index: _id_ dup key" }`,
      },
      { index: 2, code: 121, errmsg: 'Document failed validation' },
      { index: 3, code: 11600, errmsg: 'interrupted at shutdown' },
    ];
    const refusing = bulkError({ message: 'refused', code: 11000, writeErrors }, { matchedCount: 1 });
    const { collection, reads } = answering(fail(refusing));
    const writes = [write('a', 0), write('b', 0), write('c', 4), write('d', 4), write('e', 4), write('f', 0)];
    expect(settled(await writeBatch(collection, writes, commandLimit()))).to.deep.equal([
      false,
      'internal',
      'internal',
      'unavailable',
      true,
      true,
    ]);
    expect(reads()).to.equal(0);
  });

  for (const [what, error] of [
    ['whose connection broke', bulkError(new MongoNetworkError('gone'))],
    [
      'that a majority has not confirmed in time',
      bulkError(
        { message: 'waiting for replication timed out', code: 64 },
        { getWriteConcernError: () => ({}) },
      ),
    ],
    [
      'of which some were refused and the rest is not confirmed',
      bulkError(
        { message: 'x', code: 64, writeErrors: [{ index: 0, code: 11000, errmsg: '' }] },
        { getWriteConcernError: () => ({}) },
      ),
    ],
  ] as const) {
    it(`says nothing of one ${what}`, async () => {
      const { collection } = answering(fail(error));
      const thrown = await writeBatch(collection, [write('a', 0), write('b', 1)], commandLimit()).catch(
        (e: unknown) => e,
      );
      expect(thrown).to.equal(error);
    });
  }
});
