import { join } from 'node:path';
import type { ServerCredentials } from '@grpc/grpc-js';
import type { Clock, Logger } from '@trolley/runtime';
import {
  createSqliteCheck,
  GroupCommit,
  openSqlite,
  type SqliteDatabase,
  type SqliteMigration,
} from '@trolley/runtime/sqlite';
import type { GrpcObserver } from './grpc/grpc-observer.ts';
import { openGrpcServer } from './grpc/grpc-server.ts';
import { throwIfOver, type IncomingCall } from './grpc/incoming-call.ts';
import type { InProcessServer } from './grpc/in-process-server.ts';
import type { UnaryService } from './grpc/unary-service.ts';
import { startSweep } from './sweep.ts';

/** What any of the services is opened with. */
export interface ServiceOptions {
  /** The folder of the database file. */
  readonly dataDir: string;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly observer?: GrpcObserver | undefined;
  /** Default: no encryption. */
  readonly credentials?: ServerCredentials | undefined;
}

/** A service that runs. */
export interface RunningService {
  readonly port: number;
  /** For callers in this process. */
  readonly inProcess: InProcessServer;
  /** Rejects when the store takes no more writes. */
  check(): Promise<void>;
  /** From now on `grpc.health.v1` says NOT_SERVING. */
  drain(): void;
  /** Ends calls under way, commits what waits, closes the file. */
  close(): Promise<void>;
}

/** A change of the database: part of a group commit, and not begun when the caller has gone. */
export type Write = <T>(call: Pick<IncomingCall, 'isOver'>, work: () => T) => Promise<T>;

/** A look at the database, which waits while another process holds it. */
export type Read = <T>(look: () => T) => Promise<T>;

export interface ServiceParts {
  readonly service: UnaryService;
  readonly sweep?: { readonly everyMs: number; readonly round: () => Promise<number> };
  /** What to end before the calls under way are waited for. */
  readonly beforeClose?: () => void;
}

export interface ServiceDefinition {
  /** E.g. `inventory`: names the database file, the .proto file and the log lines. */
  readonly name: string;
  readonly migrations: readonly SqliteMigration[];
  readonly seed?: (database: SqliteDatabase) => void;
  readonly build: (
    database: SqliteDatabase,
    access: { readonly read: Read; readonly write: Write },
  ) => ServiceParts;
}

/** Each look is a write with its flush. */
const storeLookEveryMs = 5_000;

/** Opens the file, then the server; closes them the other way round. */
export async function openGrpcSqliteService(
  options: ServiceOptions,
  { name, migrations, seed, build }: ServiceDefinition,
): Promise<RunningService> {
  const logger = options.logger.child({ service: name });
  const { clock } = options;
  const file = join(options.dataDir, `${name}.sqlite`);
  const database = await openSqlite({ file, migrations, clock, ...(seed === undefined ? {} : { seed }) });
  const commits = new GroupCommit(database, { clock });
  const checkStore = createSqliteCheck(database, commits);
  const closeStore = () => {
    commits.close();
    database.close();
  };
  try {
    const parts = build(database, {
      read: (look) => commits.read(look),
      write: (call, work) =>
        commits.run(() => {
          throwIfOver(call);
          return work();
        }),
    });
    const server = await openGrpcServer({
      host: options.host,
      port: options.port,
      services: [parts.service],
      logger,
      observer: options.observer,
      credentials: options.credentials,
      needs: { store: checkStore },
      clock,
      lookEveryMs: storeLookEveryMs,
    });
    const sweep = parts.sweep && startSweep({ ...parts.sweep, clock, logger });
    let closing: Promise<void> | undefined;
    const close = async () => {
      parts.beforeClose?.();
      await sweep?.close();
      await server.close();
      closeStore();
    };
    return {
      port: server.port,
      inProcess: server.inProcess,
      check: checkStore,
      drain: () => server.drain(),
      close: () => (closing ??= close()),
    };
  } catch (error) {
    closeStore();
    throw error;
  }
}
