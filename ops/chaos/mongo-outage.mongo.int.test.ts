import { expect } from 'chai';
import { codeOf } from '../../runtime/define/errors.ts';
import { createMongoConnection, type MongoConnection } from '../../runtime/storage/mongo/mongo-connection.ts';
import { jsonDocuments } from '../../runtime/storage/mongo/mongo-documents.ts';
import { MongoStateStore } from '../../runtime/storage/mongo/mongo-state-store.ts';
import { startPrivateMongo, type PrivateServer } from '../infra/testing/test-servers.ts';

const documents = jsonDocuments<readonly string[]>('logs');
type Store = MongoStateStore<readonly string[]>;

/** What a writer was told of the write that made a version. */
interface Told {
  readonly entry: string;
  readonly version: number;
}

describe('a state store whose MongoDB is killed', function () {
  this.timeout(60_000);
  let server: PrivateServer;
  let connections: readonly MongoConnection[];
  let stores: readonly Store[];

  before(async () => {
    server = await startPrivateMongo();
    connections = [server.url, server.url].map((url) => createMongoConnection(url));
    stores = await Promise.all(
      connections.map(({ database }) => MongoStateStore.open({ database, documents })),
    );
  });
  after(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await server.stop();
  });

  it('keeps what it acknowledged, and lets no two writers have one version', async () => {
    const actors = Array.from({ length: 40 }, (_, n) => `actor-${n}`);
    const told = new Map<string, Told[]>(actors.map((key) => [key, []]));
    const ended = new AbortController();
    let acknowledged = 0;
    let failures = 0;

    /** Adds entries to a log until the test ends: each is tried until somebody says that it is stored. */
    async function append(store: Store, key: string, writer: string): Promise<void> {
      for (let n = 0; !ended.signal.aborted;) {
        const entry = `${writer}:${n}`;
        try {
          const stored = await store.load(key);
          const [version, log] = [stored?.version ?? 0, (stored?.record.state ?? []) as string[]];
          const record = { state: [...log, entry], applied: [], effects: [], waiting: [] };
          // A write whose outcome was unknown may have happened.
          const known = log.includes(entry);
          if (known) n += 1;
          else if (
            await store.write({ key, expectedVersion: version, record, events: [], now: Date.now() })
          ) {
            told.get(key)?.push({ entry, version: version + 1 });
            acknowledged += 1;
            n += 1;
          }
        } catch (error) {
          expect(codeOf(error), String(error)).to.equal('unavailable');
          failures += 1;
        }
      }
    }

    const writers = actors.flatMap((key) =>
      stores.map((store, index) => append(store, key, `${key}/${index}`)),
    );
    for (let kill = 0; kill < 3; kill++) {
      const before = acknowledged;
      await until(() => acknowledged > before + 400);
      const failed = failures;
      await server.kill();
      await until(() => failures > failed);
      await server.start();
    }
    const before = acknowledged;
    await until(() => acknowledged > before + 400);
    ended.abort();
    await Promise.all(writers);

    for (const [key, list] of told) {
      const stored = await stores[0]?.load(key);
      const log = (stored?.record.state ?? []) as string[];
      expect(stored?.version, `version of ${key}`).to.equal(log.length);
      expect(new Set(log).size, `entries of ${key}, each once`).to.equal(log.length);
      // An entry stands where its version says: nothing was lost below it, and nobody else had that version.
      for (const { entry, version } of list) expect(log[version - 1], `${key} at ${version}`).to.equal(entry);
    }
  });

  it('is unavailable while the server is away, and works again when it is back', async () => {
    const [store] = stores as [Store];
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

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
