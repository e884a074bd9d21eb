import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { codeOf } from '@trolley/runtime';
import {
  createMongoConnection,
  jsonDocuments,
  type MongoConnection,
  MongoStateStore,
} from '@trolley/runtime/mongo';
import { startPrivateMongo, type PrivateServer } from '../testing/test-servers.ts';
import { LogWriters } from './log-writers.ts';

type Store = MongoStateStore<unknown>;

interface OpenStores {
  /** Two, as two processes have them. */
  readonly stores: readonly [Store, Store];
  close(): Promise<void>;
}

async function openStores(uri: string): Promise<OpenStores> {
  const connections: MongoConnection[] = [createMongoConnection(uri), createMongoConnection(uri)];
  const open = connections.map(({ database }) =>
    MongoStateStore.open({ database, documents: jsonDocuments('logs') }),
  );
  return {
    stores: (await Promise.all(open)) as [Store, Store],
    close: async () => {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

describe('a state store whose MongoDB is killed', function () {
  this.timeout(60_000);
  let server: PrivateServer;
  let open: OpenStores;

  before(async () => {
    server = await startPrivateMongo();
    open = await openStores(server.url);
  });
  after(async () => {
    await open.close();
    await server.stop();
  });

  it('keeps what it acknowledged, and lets no two writers have one version', async () => {
    const writers = new LogWriters(open.stores, 40);
    for (let kill = 0; kill < 3; kill++) {
      await writers.more(400);
      const failed = writers.failure();
      await server.kill();
      await failed;
      await server.start();
    }
    await writers.more(400);
    await writers.stop();
    await writers.expectKept(open.stores[0]);
  });

  it('is unavailable while the server is away, and works again when it is back', async () => {
    const [store] = open.stores;
    const write = (expectedVersion: number) =>
      store.write({
        ...{ key: 'away', expectedVersion, events: [], now: Date.now() },
        record: { state: ['x'], applied: [], effects: [], waiting: [] },
      });
    expect(await write(0)).to.equal(true);
    await server.kill();
    const attempts = await Promise.allSettled([
      write(1),
      store.load('away'),
      store.unfinished(Date.now(), 10),
    ]);
    for (const attempt of attempts)
      expect(attempt.status === 'rejected' && codeOf(attempt.reason), JSON.stringify(attempt)).to.equal(
        'unavailable',
      );
    await server.start();
    const stored = await store.load('away');
    expect(stored?.version).to.equal(1);
    expect(await write(1)).to.equal(true);
  });
});

describe('a state store on a replica set whose primary is killed', function () {
  this.timeout(120_000);
  let members: readonly PrivateServer[];
  let open: OpenStores;

  before(async () => {
    members = await Promise.all([0, 1, 2].map(() => startPrivateMongo(['--replSet', 'rs'])));
    await initiate(members);
    const hosts = members.map(({ url }) => new URL(url).host).join(',');
    await primaryOf(members);
    open = await openStores(`mongodb://${hosts}/shop?replicaSet=rs`);
  });
  after(async () => {
    await open.close();
    await Promise.all(members.map((member) => member.stop()));
  });

  it('keeps what it acknowledged, and nothing that only the primary had is acknowledged', async () => {
    const writers = new LogWriters(open.stores, 40);
    for (let kill = 0; kill < 2; kill++) {
      await writers.more(400);
      const primary = await primaryOf(members);
      const others = members.filter((member) => member !== primary);
      await Promise.all(others.map((member) => member.kill()));
      await untilAhead(primary);
      await primary.kill();
      await Promise.all(others.map((member) => member.start()));
      await writers.more(400);
      await primary.start();
    }
    await writers.stop();
    await writers.expectKept(open.stores[0]);
  });
});

async function onMember<T>({ url }: PrivateServer, run: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(url, { directConnection: true, serverSelectionTimeoutMS: 1_000 });
  try {
    return await run(client);
  } finally {
    await client.close();
  }
}

async function initiate(members: readonly PrivateServer[]): Promise<void> {
  const [first] = members as [PrivateServer];
  const config = {
    _id: 'rs',
    settings: { electionTimeoutMillis: 1_500, heartbeatIntervalMillis: 500 },
    members: members.map(({ url }, _id) => ({ _id, host: new URL(url).host })),
  };
  await onMember(first, (client) => client.db('admin').command({ replSetInitiate: config }));
}

/** Waits until there is one. */
async function primaryOf(members: readonly PrivateServer[]): Promise<PrivateServer> {
  for (;;) {
    for (const member of members) {
      const hello = await onMember(member, (client) => client.db('admin').command({ hello: 1 })).catch(
        () => undefined,
      );
      if (hello?.['isWritablePrimary'] === true) return member;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until the primary has taken writes that the others have not. */
function untilAhead(primary: PrivateServer): Promise<void> {
  return onMember(primary, async (client) => {
    const versions = async (level: 'local' | 'majority') => {
      const sum = [{ $group: { _id: null, total: { $sum: '$version' } } }];
      const found = await client
        .db('shop')
        .collection('logs')
        .aggregate(sum, { readConcern: { level } })
        .toArray();
      return Number(found[0]?.['total']);
    };
    while ((await versions('local')) === (await versions('majority')));
  });
}
