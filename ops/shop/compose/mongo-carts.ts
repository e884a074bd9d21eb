import type { Logger, StateStore } from '@trolley/runtime';
import { createMongoConnection, type MongoConnection, MongoStateStore } from '@trolley/runtime/mongo';
import { checkAt, maskPasswords, reasonOf } from '@trolley/runtime/observe';
import { cartDocuments } from '../../../actors/cart/cart.store.mongo.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import { StartProblem } from '../process/start-problem.ts';
import type { Health } from './health.ts';

/** Those that are forgotten, MongoDB removes by itself. */
export async function startMongoCarts(
  uri: string,
  lifecycle: Lifecycle,
  logger: Logger,
  health: Health,
): Promise<StateStore> {
  const { database, ping } = await lifecycle.start({
    name: 'the MongoDB connection',
    start: () => connect(uri, logger),
    stop: (connection) => connection.close(),
  });
  health.addCheck('mongodb', checkAt(maskPasswords(uri), ping));
  return lifecycle.start({
    name: 'the cart store',
    start: () => MongoStateStore.open({ database, documents: cartDocuments }),
    stop: (store) => store.close(),
    describe: () => `carts in MongoDB, database ${database.databaseName}`,
  });
}

async function connect(uri: string, logger: Logger): Promise<MongoConnection> {
  let connection: MongoConnection | undefined;
  try {
    connection = createMongoConnection(uri, { logger });
    await connection.ping();
    return connection;
  } catch (cause) {
    await connection?.close();
    const sentence = `MONGODB_URI: ${maskPasswords(uri)} can't be used: ${reasonOf(cause)}`;
    throw new StartProblem(sentence, { cause });
  }
}
