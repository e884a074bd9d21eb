import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import type { Logger } from '../../observe/logger.ts';

export interface MongoConnectionOptions {
  /** Shown in the server's log and in `currentOp`. Default: `trolley`. */
  readonly applicationName?: string;
  readonly logger?: Logger;
}

/** Connections to MongoDB that outlive its outages. */
export interface MongoConnection extends AsyncDisposable {
  readonly database: Db;
  /** Rejects when no server answers that takes writes. */
  readonly ping: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What stands in the address wins over these. */
const defaults = {
  // How long to look for a server, to connect to it, to wait for a free connection, and for an answer.
  serverSelectionTimeoutMS: 3_000,
  connectTimeoutMS: 3_000,
  waitQueueTimeoutMS: 3_000,
  socketTimeoutMS: 7_000,
  // How often to look whether a server is there: with the look that fails, all connections to it are ended.
  heartbeatFrequencyMS: 2_000,
  maxPoolSize: 10,
} satisfies MongoClientOptions;

const defaultDatabase = 'trolley';

/**
 * Makes connections for `mongodb://` or `mongodb+srv://` with the options of the address, TLS among them. The database
 * is the one that the address names, else `trolley`. Nothing is opened until the first use.
 */
export function createMongoConnection(uri: string, options: MongoConnectionOptions = {}): MongoConnection {
  const { logger } = options;
  const [, path = '', query = ''] = /^[^/]+\/\/[^/?]+(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri) ?? [];
  const given = new Set([...new URLSearchParams(query).keys()].map((name) => name.toLowerCase()));
  const ours = Object.entries(defaults).filter(([name]) => !given.has(name.toLowerCase()));
  const client = new MongoClient(uri, {
    ...(Object.fromEntries(ours) as typeof defaults),
    appName: options.applicationName ?? 'trolley',
  });
  client.on('serverHeartbeatFailed', ({ connectionId, failure }) => {
    logger?.debug({ err: failure, server: connectionId }, 'MongoDB does not answer');
  });
  const database = client.db(path === '' ? defaultDatabase : decodeURIComponent(path));
  return {
    database,
    ping: async () => {
      const { isWritablePrimary } = await database.command({ hello: 1 }, { readPreference: 'primary' });
      if (isWritablePrimary !== true) throw new Error('the server takes no writes');
    },
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}
