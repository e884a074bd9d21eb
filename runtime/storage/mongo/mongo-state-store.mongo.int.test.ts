import { expect } from 'chai';
import { MongoClient, type CommandStartedEvent, type Db } from 'mongodb';
import { CuttableLine } from '../../testing/cuttable-line.ts';
import { describeStateStore } from '../../testing/suites/state-store.suite.ts';
import { createTestMongo, type TestDatabase } from '../../testing/suites/test-servers.ts';
import { CorruptRecordError, type ActorRecord } from '../state-store.ts';
import { jsonDocuments, type MongoDocuments } from './mongo-documents.ts';
import { MongoStateStore } from './mongo-state-store.ts';

const recordOf = (state: unknown, more: Partial<ActorRecord> = {}): ActorRecord => ({
  state,
  applied: [],
  effects: [],
  waiting: [],
  ...more,
});
const first = (key: string, state: unknown, more: Partial<ActorRecord> = {}, now = Date.now()) => ({
  key,
  expectedVersion: 0,
  record: recordOf(state, more),
  events: [],
  now,
});
const failure = (run: Promise<unknown>) =>
  run.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
const effect = (notBefore: number) => ({ id: 'e', run: 'r', name: 'Verify', input: {}, notBefore });

/** State as it is, for what only BSON or the server refuses. */
const asIs = (more: Partial<MongoDocuments<unknown>> = {}): MongoDocuments<unknown> => ({
  collection: 'things',
  toFields: (_key, value) => ({ value }),
  fromFields: (fields) => fields['value'] as unknown,
  ...more,
});

describe('actors in MongoDB', () => {
  let testDatabase: TestDatabase;
  let client: MongoClient;
  let other: MongoClient;
  let database: Db;

  before(async () => {
    testDatabase = await createTestMongo();
    client = await MongoClient.connect(testDatabase.url, { monitorCommands: true });
    other = await MongoClient.connect(testDatabase.url);
    database = client.db();
  });
  after(async () => {
    await Promise.all([client.close(), other.close()]);
    await testDatabase.drop();
  });
  beforeEach(() => database.dropDatabase());

  const open = (documents: MongoDocuments<unknown>) => MongoStateStore.open({ database, documents });

  let keys = 0;
  describeStateStore('MongoDB', async () => {
    await database.createCollection('counters', { validator: { state: { $not: /refused/ } } });
    const documents = jsonDocuments('counters');
    // Small batches, so that the suite sees many.
    const stores = [client, other].map((each) =>
      MongoStateStore.open({ database: each.db(), documents, maxBatch: 64 }),
    );
    return {
      stores: (await Promise.all(stores)) as [MongoStateStore<unknown>, MongoStateStore<unknown>],
      key: () => `key-${++keys}`,
      state: (n: number) => ({ n, text: `ä "quoted" 漢 ${n}` }),
      refusedState: 'refused',
      close: () => Promise.resolve(),
    };
  });

  it('keeps any JSON to the letter, in the state and in what the runtime remembers', async () => {
    const store = await open(jsonDocuments('anything'));
    let deep: unknown = 'deep';
    for (let level = 0; level < 500; level++) deep = [deep];
    const odd = JSON.parse(
      '{"$set":{"a.b":1,"":2},"__proto__":{"x":1},"_bsontype":"ObjectId","nul\\u0000":"\\u0000",' +
        '"half":"\\ud83d","large":9007199254740991,"larger":1e300,"small":5e-324,"$date":"x","list":[null]}',
    ) as object;
    const wanted = recordOf(
      { ...odd, deep, left: undefined },
      {
        applied: [{ id: 'a', at: 1, answer: { ok: { odd, deep } } }],
        effects: [{ ...effect(1), input: odd }],
        waiting: [{ messageId: 'm', message: 'Start', replyTo: 'inbox', tag: odd }],
      },
    );
    await store.write({ ...first('a', undefined), record: wanted });
    const loaded = (await store.load('a'))?.record;
    expect(JSON.stringify(loaded?.state)).to.equal(JSON.stringify(wanted.state));
    for (const part of ['applied', 'effects', 'waiting'] as const)
      expect(JSON.stringify(loaded?.[part]), part).to.equal(JSON.stringify(wanted[part]));
  });

  it('says of a document that is damaged that it is', async () => {
    const store = await open(jsonDocuments('damaged'));
    await store.write(first('a', { n: 1 }));
    await database.collection('damaged').updateOne({}, { $set: { runtime: '{' } });
    expect(await failure(store.load('a'))).to.be.instanceOf(CorruptRecordError);
  });

  it('sends what is written in the same moment as one command, for a majority and its journal', async () => {
    const store = await open(jsonDocuments('many'));
    const names = Array.from({ length: 100 }, (_, n) => `key-${n}`);
    await Promise.all(names.slice(50).map((key) => store.write(first(key, 1))));
    const commands: CommandStartedEvent[] = [];
    const listen = (command: CommandStartedEvent) => void commands.push(command);
    client.on('commandStarted', listen);
    await Promise.all(
      names.map((key, n) => store.write({ ...first(key, 2), expectedVersion: n < 50 ? 0 : 1 })),
    );
    client.off('commandStarted', listen);
    expect(commands.map(({ commandName }) => commandName)).to.deep.equal(['update']);
    expect(commands[0]?.command).to.have.nested.property('writeConcern.w', 'majority');
    expect(commands[0]?.command).to.have.nested.property('writeConcern.j', true);
    expect(commands[0]?.command).to.have.property('ordered', false);
    const loaded = await Promise.all(names.map((key) => store.load(key)));
    expect(loaded.map((actor) => actor?.version)).to.deep.equal(names.map((_, n) => (n < 50 ? 1 : 2)));
  });

  for (const [what, state, reason] of [
    ['is larger than a document may be', 'x'.repeat(17_000_000), /maximum size/],
    ['has a key that BSON has no form for', { 'a\0b': 1 }, /null bytes/],
    ['is nested deeper than the server takes', nested(250), /nested/],
    ['the collection’s own rules refuse', 'refused', /validation/],
  ] as const) {
    it(`refuses for good what ${what}, and harms no other with it`, async () => {
      await database.createCollection('things', { validator: { value: { $ne: 'refused' } } });
      const store = await open(asIs());
      const names = Array.from({ length: 9 }, (_, n) => `key-${n}`);
      const results = await Promise.all(
        names.map((key, n) => failure(store.write(first(key, n === 4 ? state : n)))),
      );
      expect(results[4]).to.have.property('code', 'internal');
      expect(results[4]).to.have.property('message').that.matches(reason);
      const loaded = await Promise.all(names.map((key) => store.load(key)));
      expect(loaded.map((actor) => actor?.record.state)).to.deep.equal(
        names.map((_, n) => (n === 4 ? undefined : n)),
      );
    });
  }

  it('does not take a document of another key for a lost race', async () => {
    const store = await open(asIs({ unique: ['value'] }));
    const inTheWay = `index: _id_ dup key`;
    await store.write(first('one', inTheWay));
    const [refused, written] = await Promise.all([
      failure(store.write(first('two', inTheWay))),
      store.write(first('three', 'else')),
    ]);
    expect(refused).to.have.property('code', 'internal');
    expect(refused).to.have.property('message').that.includes('value_unique');
    expect(written).to.equal(true);
    expect(await store.load('two')).to.equal(undefined);
  });

  it('refuses a mapping that takes a field of the store, or an operator', async () => {
    for (const name of ['version', '_id', '$set']) {
      const store = await open(asIs({ toFields: () => ({ [name]: 1 }) }));
      expect(await failure(store.write(first('a', 1)))).to.be.instanceOf(TypeError);
    }
  });

  it('leaves nothing of the state before', async () => {
    const store = await open(
      asIs({ toFields: (_key, state) => state as object, fromFields: (fields) => fields }),
    );
    await store.write(first('a', { old: 1 }));
    await store.write({ ...first('a', { fresh: 1 }), expectedVersion: 1 });
    expect((await store.load('a'))?.record.state)
      .to.include({ fresh: 1 })
      .and.not.have.property('old');
  });

  it('removes what was long untouched, and never what still has something to do', async () => {
    const store = await open({ ...jsonDocuments('carts'), retentionMs: 3_600_000 });
    const longAgo = Date.now() - 3_700_000;
    await store.write(first('waiting', 1, { effects: [effect(Date.now() + 1e9)] }, longAgo));
    await store.write(first('young', 1));
    await store.write(first('forgotten', 1, {}, longAgo));
    while ((await store.load('forgotten')) !== undefined)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await store.load('waiting'))?.version).to.equal(1);
    expect((await store.load('young'))?.version).to.equal(1);
    expect(await store.write({ ...first('forgotten', 2), expectedVersion: 1 }), 'a later version').to.equal(
      false,
    );
    expect(await store.write(first('forgotten', 2)), 'anew').to.equal(true);
  });

  it('looks for what is unfinished in an index that holds nothing else', async () => {
    const store = await open(jsonDocuments('carts'));
    const writes = Array.from({ length: 50 }, (_, n) =>
      store.write(first(`key-${n}`, n, n < 3 ? { effects: [effect(100 - n)] } : {})),
    );
    await Promise.all(writes);
    await database.command({ profile: 2 });
    expect(await store.unfinished(1_000, 10)).to.deep.equal(['key-2', 'key-1', 'key-0']);
    await database.command({ profile: 0 });
    const profiled = await database.collection('system.profile').findOne({ op: 'query' });
    expect(profiled).to.include({ keysExamined: 3, docsExamined: 3 });
  });

  it('gives up a command that its server hung up on, and has the connection for the next', async () => {
    const line = await CuttableLine.to(Number(new URL(testDatabase.url).port));
    const url = new URL(testDatabase.url);
    url.port = String(line.port);
    url.searchParams.set('maxPoolSize', '1');
    url.searchParams.set('directConnection', 'true');
    const farther = await MongoClient.connect(url.href);
    try {
      const documents = jsonDocuments('things');
      const store = await MongoStateStore.open({
        database: farther.db(),
        documents,
        commandLimitMs: 500,
      });
      expect(await store.write(first('a', 1))).to.equal(true);
      line.fallDeaf();
      const [, refused] = await Promise.all([
        line.hangUp(),
        failure(store.write(first('b', 'x'.repeat(12_000_000)))),
      ]);
      expect(refused).to.have.property('code', 'unavailable');
      const written = async () => store.write(first('c', 1)).catch(() => undefined);
      let third = await written();
      while (third === undefined) third = await written();
      expect(third).to.equal(true);
    } finally {
      await farther.close();
      line.cut();
    }
  });

  it('says which index is in the way of its own', async () => {
    await open({ ...jsonDocuments('carts'), retentionMs: 1_000 });
    const refused = await failure(open({ ...jsonDocuments('carts'), retentionMs: 2_000 }));
    expect(refused).to.have.property('code', 'unavailable');
    expect(refused)
      .to.have.property('message')
      .that.matches(/indexes cannot be made: .*forgotten/);
  });

  it('may be opened by several processes at once, and again', async () => {
    const documents = { ...jsonDocuments('carts'), unique: ['owner'], retentionMs: 1_000 };
    await Promise.all(
      [client, other, client].map((each) => MongoStateStore.open({ database: each.db(), documents })),
    );
    await open(documents);
    const indexes = await database.collection('carts').indexes();
    expect(indexes.map(({ name }) => name)).to.have.members(['_id_', 'owner_unique', 'due', 'forgotten']);
  });
});

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { value };
  return value;
}
