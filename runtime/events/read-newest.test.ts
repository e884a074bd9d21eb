import { expect } from 'chai';
import fc from 'fast-check';
import type { LogQuery, ReadRecord } from './event-log.ts';
import { readNewest, type BackwardReader } from './read-newest.ts';

const hour = 3_600_000;

/** Partitions of records, by the minutes at which they were appended. */
function readerOf(partitions: readonly (readonly number[])[]): BackwardReader & { read: number } {
  const records = partitions.map((minutes, partition) =>
    minutes.map((minute, offset): ReadRecord => {
      const id = `${partition}-${offset}`;
      const event = { id, key: `k${offset % 3}`, type: 'Counted', value: '1', headers: {} };
      return { ...event, partition, offset: String(offset), appendedAt: minute * 60_000 };
    }),
  );
  const reader = {
    read: 0,
    partitions: [...partitions.keys()],
    before: async (partition: number, offset: string | undefined, limit: number) => {
      const end = offset === undefined ? Infinity : Number(offset);
      const found = records[partition]?.slice(0, end).slice(-limit).reverse() ?? [];
      reader.read += found.length;
      return found;
    },
  };
  return reader;
}

async function readAll(query: LogQuery, reader: BackwardReader): Promise<ReadRecord[]> {
  const all: ReadRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await readNewest({ ...query, cursor }, reader);
    all.push(...page.records);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return all;
}

const minutes = fc.array(fc.nat(600), { maxLength: 40 }).map((all) => all.sort((a, b) => a - b));
const some = fc.array(minutes, { minLength: 1, maxLength: 5 });

describe('readNewest', () => {
  it('gives each record once, the latest first, whatever the size of a page', async () => {
    await fc.assert(
      fc.asyncProperty(some, fc.integer({ min: 1, max: 50 }), async (partitions, limit) => {
        const found = await readAll({ limit }, readerOf(partitions));
        const times = found.map(({ appendedAt }) => appendedAt);
        expect(times).to.deep.equal([...times].sort((a, b) => b - a));
        const ids = partitions.flatMap((each, partition) =>
          each.map((_, offset) => `${partition}-${offset}`),
        );
        expect(found.map(({ id }) => id))
          .to.have.members(ids)
          .and.have.length(ids.length);
      }),
    );
  });

  it('gives what a query asks for and nothing else', async () => {
    const key = fc.option(fc.constantFrom('k0', 'k1', 'none'), { nil: undefined });
    const time = fc.option(
      fc.nat(600).map((minute) => minute * 60_000),
      { nil: undefined },
    );
    await fc.assert(
      fc.asyncProperty(some, key, time, time, async (partitions, wanted, since, until) => {
        const found = await readAll({ key: wanted, since, until, limit: 7 }, readerOf(partitions));
        const all = await readAll({ limit: 500 }, readerOf(partitions));
        const expected = all.filter(
          (record) =>
            (wanted === undefined || record.key === wanted) &&
            (since === undefined || record.appendedAt >= since) &&
            (until === undefined || record.appendedAt < until),
        );
        expect(found.map(({ id }) => id)).to.deep.equal(expected.map(({ id }) => id));
      }),
    );
  });

  it('stops looking where everything is older', async () => {
    const reader = readerOf([Array.from({ length: 3_000 }, (_, minute) => minute)]);
    const { records, cursor } = await readNewest({ since: 2_999 * 60_000, limit: 50 }, reader);
    expect(records.map(({ id }) => id)).to.deep.equal(['0-2999']);
    expect(cursor).to.equal(undefined);
    expect(reader.read).to.be.at.most(50);
  });

  it('looks at a bounded number of records, and says how to go on', async () => {
    const reader = readerOf([Array.from({ length: 12_000 }, (_, minute) => minute)]);
    const { records, cursor } = await readNewest({ id: '0-3' }, reader);
    expect(records).to.deep.equal([]);
    expect(reader.read).to.be.at.most(5_500);
    expect(cursor).to.be.a('string');
    expect((await readAll({ id: '0-3', since: -hour }, reader)).map(({ id }) => id)).to.deep.equal(['0-3']);
  });

  it('refuses what is no limit and no cursor', async () => {
    const strange = Buffer.from('{"x":"1"}').toString('base64url');
    for (const query of [{ limit: 0 }, { limit: 1.5 }, { limit: 501 }, { cursor: '' }, { cursor: strange }]) {
      const refused: unknown = await readNewest(query, readerOf([[1]])).catch((error: unknown) => error);
      expect(refused, JSON.stringify(query)).to.have.property('code', 'invalid_request');
    }
  });
});
