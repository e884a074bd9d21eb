import type { Client } from 'pg';
import { type Cancel, type Logger, pause, systemClock } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import { openPostgresClient, tryAdvisoryLock } from '@trolley/runtime/postgres';
import type { Lifecycle } from './lifecycle.ts';
import { StartProblem } from './start-problem.ts';

export interface SingletonLockOptions {
  readonly postgresUrl: string;
  /** Names the advisory lock. */
  readonly lockId: number;
  /** Not alone, but only with others that say so too. */
  readonly shared?: boolean;
  /** What a second start is told. */
  readonly refusal: string;
  /** How long a start waits for a predecessor to go; for one that is not heard any more, until it is gone. Default 10000. */
  readonly patienceMs?: number;
  /** How often the connection is looked after, and how late an answer may be. Default 5000. */
  readonly heartbeatMs?: number;
  /** After so long without a question the server takes this process for gone. Default 30000. */
  readonly silenceMs?: number;
  readonly logger: Logger;
}

const retryMs = 500;
const leaveLimitMs = 2_000;
const connectTimeoutMs = 5_000;
const missedHeartbeats = 2.5;
const session = {
  applicationName: 'trolley-singleton-lock',
  statementTimeoutMs: 5_000,
};

/** One session at the server, also after its process id was given to another. */
interface Backend {
  readonly pid: number;
  readonly since: string;
}

/**
 * Makes this process the only one of its kind on this database, for as long as it runs: a session-level advisory
 * lock, taken again whenever the connection was lost. A process that finds another in its place then, stops.
 *
 * Both sides notice when the other is gone without a word: this one asks every few seconds, and the server ends a
 * session that does not ask any more. While nobody can reach the server, nobody can take the lock.
 */
export async function startSingletonLock(lifecycle: Lifecycle, options: SingletonLockOptions): Promise<void> {
  await lifecycle.start({
    name: 'the right to be the only one',
    async start(signal) {
      const holder = new SingletonLock(lifecycle, options);
      await holder.acquire(signal);
      return holder;
    },
    stop: (holder) => holder.release(),
  });
}

class SingletonLock {
  readonly #lifecycle: Lifecycle;
  readonly #options: SingletonLockOptions;
  readonly #released = new AbortController();
  #client: Client | undefined;
  /** The session that had the lock last. */
  #backend: Backend | undefined;
  #cancelHeartbeat: Cancel = () => undefined;

  constructor(lifecycle: Lifecycle, options: SingletonLockOptions) {
    this.#lifecycle = lifecycle;
    this.#options = options;
  }

  /** @throws StartProblem when another process holds it, and keeps it */
  async acquire(signal: AbortSignal): Promise<void> {
    const client = await this.#connect();
    try {
      await this.#endOwnGhost(client);
      // Who comes back and finds another in its place must not go on beside it.
      const patienceMs = this.#backend === undefined ? (this.#options.patienceMs ?? 10_000) : 0;
      const askedAt = systemClock.monotonic();
      while (!(await this.#tryLock(client))) {
        const waitedMs = systemClock.monotonic() - askedAt;
        if (
          signal.aborted ||
          (waitedMs >= patienceMs && !(await this.#isGoing(client, waitedMs - patienceMs)))
        )
          throw new StartProblem(this.#options.refusal);
        await pause(systemClock, retryMs, signal);
      }
      this.#backend = await backendOf(client);
      // Given back meanwhile: nobody would close this connection.
      this.#released.signal.throwIfAborted();
    } catch (error) {
      destroy(client);
      throw error;
    }
    this.#client = client;
    client.once('end', () => this.#reacquire());
    this.#heartbeatLater(client);
  }

  async release(): Promise<void> {
    this.#released.abort();
    this.#cancelHeartbeat();
    const client = this.#client;
    if (client === undefined) return;
    await withTimeLimit(systemClock, leaveLimitMs, 'closing', client.end()).catch(() => destroy(client));
  }

  #heartbeatLater(client: Client): void {
    this.#cancelHeartbeat = systemClock.schedule(this.#heartbeatMs, () => {
      client.query('SELECT 1').then(
        () => this.#heartbeatLater(client),
        // Its end, which this is, begins anew.
        () => destroy(client),
      );
    });
  }

  /** The session that was lost may stand at the server still, with the lock. */
  async #endOwnGhost(client: Client): Promise<void> {
    if (this.#backend === undefined) return;
    const { pid, since } = this.#backend;
    await client.query(
      'SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2',
      [pid, since, leaveLimitMs],
    );
  }

  /** Whether those that have the lock have not been heard for so long that the server is about to end them. */
  async #isGoing(client: Client, overdueMs: number): Promise<boolean> {
    if (overdueMs > this.#silenceMs) return false;
    const { rows } = await client.query<{ silent: boolean | null }>(
      `SELECT bool_and(state_change < clock_timestamp() - make_interval(secs => $2)) AS silent
       FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = $1 AND datname = current_database()`,
      [this.#options.lockId, (missedHeartbeats * this.#heartbeatMs) / 1_000],
    );
    return rows[0]?.silent === true;
  }

  #reacquire(): void {
    const { signal } = this.#released;
    if (signal.aborted) return;
    this.#cancelHeartbeat();
    this.#client = undefined;
    // Of a server that is away the health of the process tells, once.
    this.#options.logger.debug('the connection that holds the lock was lost');
    const again = async () => {
      for (; !signal.aborted; await pause(systemClock, retryMs, signal)) {
        try {
          return await this.acquire(signal);
        } catch (error) {
          if (this.#released.signal.aborted) return;
          if (error instanceof StartProblem) return this.#lifecycle.fail(error);
          this.#options.logger.debug({ err: error }, 'the lock cannot be taken yet');
        }
      }
    };
    void again();
  }

  #connect(): Promise<Client> {
    const { postgresUrl, logger } = this.#options;
    const limits = {
      connectTimeoutMs,
      queryTimeoutMs: this.#heartbeatMs,
      idleSessionMs: this.#silenceMs,
    };
    return openPostgresClient(postgresUrl, { ...session, ...limits }, (err) => {
      logger.debug({ err }, 'the connection that holds the lock');
    });
  }

  #tryLock(client: Client): Promise<boolean> {
    const { lockId, shared } = this.#options;
    return tryAdvisoryLock((text, values) => client.query(text, values), lockId, shared);
  }

  get #heartbeatMs(): number {
    return this.#options.heartbeatMs ?? 5_000;
  }

  get #silenceMs(): number {
    return this.#options.silenceMs ?? 30_000;
  }
}

async function backendOf(client: Client): Promise<Backend | undefined> {
  const { rows } = await client.query<Backend>(
    'SELECT pid, backend_start::text AS since FROM pg_stat_activity WHERE pid = pg_backend_pid()',
  );
  return rows[0];
}

/** At once: to take leave would wait for the other side. */
function destroy(client: Client): void {
  client.connection.stream.destroy();
}
