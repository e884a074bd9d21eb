import type { Client } from 'pg';
import { openPostgresClient } from '@trolley/runtime/postgres';
import { StartProblem } from '../process/start-problem.ts';

const session = {
  applicationName: 'trolley-start',
  statementTimeoutMs: 5_000,
  connectTimeoutMs: 10_000,
  queryTimeoutMs: 10_000,
};

const refusal =
  'POSTGRES_URL: the pooler in front of PostgreSQL lends a connection to each transaction, and Trolley needs ' +
  'sessions: locks and notifications last as long as one. Set its pool_mode to session for this database, or go past it.';

/**
 * Looks whether a connection is a session of its own at the server: with a pooler in transaction or statement mode, what
 * one client uses is another's a moment later.
 *
 * @throws StartProblem when it is not
 */
export async function refuseSharedSessions(url: string): Promise<void> {
  const clients: Client[] = [];
  try {
    const one = await open(url, clients);
    const before = await backendOf(one);
    const other = await open(url, clients);
    // From now on a pooler must keep a server connection for the other, and may take the one that was idle.
    await other.query('BEGIN');
    const others = await backendOf(other);
    const after = await backendOf(one);
    await other.query('ROLLBACK');
    if (others === before || others === after || before !== after) throw new StartProblem(refusal);
  } catch (error) {
    // What PgBouncer says to BEGIN in statement mode.
    if (String(error).includes('statement pooling mode')) throw new StartProblem(refusal, { cause: error });
    throw error;
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
}

async function open(url: string, opened: Client[]): Promise<Client> {
  const client = await openPostgresClient(url, session);
  opened.push(client);
  return client;
}

async function backendOf(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid;
}
