import { Client } from 'pg';
import { pause, systemClock } from '../../runtime/define/clock.ts';
import type { Logger } from '../../runtime/observe/logger.ts';
import type { Lifecycle } from './lifecycle.ts';
import { StartProblem } from './start-problem.ts';

export interface SoleHolderOptions {
  readonly postgresUrl: string;
  /** Names the advisory lock. */
  readonly lockId: number;
  /** Not alone, but only with others that say so too. */
  readonly shared?: boolean;
  /** What a second start is told. */
  readonly refusal: string;
  /** How long a start waits for a predecessor to go. Default 10000. */
  readonly patienceMs?: number;
  readonly logger: Logger;
}

const retryMs = 500;

/**
 * Makes this process the only one of its kind on this database, for as long as it runs: a session-level advisory
 * lock, taken again whenever the connection was lost. A process that finds another in its place then, stops.
 */
export async function startSoleHolder(lifecycle: Lifecycle, options: SoleHolderOptions): Promise<void> {
  await lifecycle.start({
    name: 'the right to be the only one',
    async start(signal) {
      const holder = new SoleHolder(lifecycle, options);
      await holder.acquire(signal);
      return holder;
    },
    stop: (holder) => holder.release(),
  });
}

class SoleHolder {
  readonly #lifecycle: Lifecycle;
  readonly #options: SoleHolderOptions;
  readonly #released = new AbortController();
  #client: Client | undefined;

  constructor(lifecycle: Lifecycle, options: SoleHolderOptions) {
    this.#lifecycle = lifecycle;
    this.#options = options;
  }

  /** @throws StartProblem when another process holds it, and keeps it */
  async acquire(signal: AbortSignal): Promise<void> {
    const client = await this.#connect();
    const givenUpAt = systemClock.monotonic() + (this.#options.patienceMs ?? 10_000);
    while (!(await this.#tryLock(client))) {
      if (signal.aborted || systemClock.monotonic() > givenUpAt) {
        await client.end();
        throw new StartProblem(this.#options.refusal);
      }
      await pause(systemClock, retryMs, signal);
    }
    this.#client = client;
    client.once('end', () => this.#reacquire());
  }

  async release(): Promise<void> {
    this.#released.abort();
    await this.#client?.end();
  }

  #reacquire(): void {
    const { signal } = this.#released;
    if (signal.aborted) return;
    this.#client = undefined;
    this.#options.logger.warn('the connection that holds the lock was lost');
    const again = async () => {
      for (; !signal.aborted; await pause(systemClock, retryMs, signal)) {
        try {
          return await this.acquire(signal);
        } catch (error) {
          if (error instanceof StartProblem) return this.#lifecycle.fail(error);
          this.#options.logger.debug({ err: error }, 'the lock cannot be taken yet');
        }
      }
    };
    void again();
  }

  async #connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.#options.postgresUrl,
      application_name: 'trolley-sole-holder',
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
    });
    client.on('error', (err) => this.#options.logger.debug({ err }, 'the connection that holds the lock'));
    await client.connect();
    return client;
  }

  async #tryLock(client: Client): Promise<boolean> {
    const tryLock = this.#options.shared === true ? 'pg_try_advisory_lock_shared' : 'pg_try_advisory_lock';
    const { rows } = await client.query<{ held: boolean }>(`SELECT ${tryLock}($1) AS held`, [
      this.#options.lockId,
    ]);
    return rows[0]?.held === true;
  }
}
