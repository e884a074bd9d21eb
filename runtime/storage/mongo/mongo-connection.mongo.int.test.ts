import { expect } from 'chai';
import { testMongoUri } from '../../testing/suites/test-servers.ts';
import { CuttableLine } from '../../testing/cuttable-line.ts';
import { createMongoConnection } from './mongo-connection.ts';

describe('a connection to MongoDB', () => {
  it('has limits for everything it waits for', async () => {
    const { database, ping, close } = createMongoConnection(testMongoUri());
    await ping();
    expect(database.client.options).to.include({
      serverSelectionTimeoutMS: 3_000,
      connectTimeoutMS: 3_000,
      waitQueueTimeoutMS: 3_000,
      socketTimeoutMS: 7_000,
      heartbeatFrequencyMS: 2_000,
      maxPoolSize: 10,
    });
    expect(database.databaseName).to.equal('trolley');
    await close();
  });

  it('does what stands in its address', async () => {
    const uri = new URL('/my%20shop?maxpoolsize=3&serverSelectionTimeoutMS=1500', testMongoUri());
    const { database, close } = createMongoConnection(uri.href);
    expect(database.client.options).to.include({ maxPoolSize: 3, serverSelectionTimeoutMS: 1_500 });
    expect(database.databaseName).to.equal('my shop');
    await close();
  });

  it('reads the database and the options from behind several hosts', async () => {
    const uri = 'mongodb://user:p%40ss@one.example:27017,two.example:27018/carts?replicaSet=rs&maxPoolSize=4';
    const { database, close } = createMongoConnection(uri);
    expect(database.databaseName).to.equal('carts');
    expect(database.client.options).to.include({ replicaSet: 'rs', maxPoolSize: 4, connectTimeoutMS: 3_000 });
    await close();
  });

  it('is made anew when the other end is gone without a word', async () => {
    const uri = new URL(
      '/?heartbeatFrequencyMS=500&connectTimeoutMS=300&directConnection=true',
      testMongoUri(),
    );
    const line = await CuttableLine.to(Number(uri.port));
    uri.port = String(line.port);
    const { ping, close } = createMongoConnection(uri.href);
    await ping();
    line.abandon();
    const answers = () =>
      ping().then(
        () => true,
        () => false,
      );
    while (!(await answers()));
    await close();
    line.cut();
  });

  it('says when nobody answers', async () => {
    const { ping, close } = createMongoConnection('mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50');
    const failed = await ping().catch((error: unknown) => (error as Error).name);
    expect(failed).to.equal('MongoServerSelectionError');
    await close();
  });
});
