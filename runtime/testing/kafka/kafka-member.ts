import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../define/clock.ts';
import { createLogger } from '../../observe/logger.ts';
import { createPostgresPool } from '../../storage/postgres/postgres-pool.ts';
import { KafkaEventLog } from '../../events/kafka-event-log.ts';

/** What a member is told on its command line, as JSON. */
export interface KafkaMemberOptions {
  readonly name: string;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
  readonly postgresUrl: string;
}

/*
 * A member of a group in a process of its own, to be killed or frozen. The effect of an event is a row, once
 * whoever tries: as with an actor, which knows the ids of what it has applied. It logs to standard output.
 */

const { name, brokers, topic, group, postgresUrl } = JSON.parse(process.argv[2] ?? '') as KafkaMemberOptions;
const pool = createPostgresPool(postgresUrl);
const log = new KafkaEventLog({
  brokers,
  clock: systemClock,
  logger: createLogger('debug'),
});

await log.subscribe({
  topic,
  group,
  async handle({ id, key, type, value }) {
    await pool.query('INSERT INTO attempts (event_id, member) VALUES ($1, $2)', [id, name]);
    while (type === 'Held' && (await isHeld(id))) await delay(20);
    await pool.query(
      `INSERT INTO applied (event_id, user_key, n, member) VALUES ($1, $2, $3, $4)
       ON CONFLICT (event_id) DO NOTHING`,
      [id, key, Number(value), name],
    );
  },
});
// Nobody is left to work for once the test has gone.
process.stdin.on('end', () => process.exit()).resume();

async function isHeld(id: string): Promise<boolean> {
  const { rowCount } = await pool.query('SELECT FROM held WHERE event_id = $1', [id]);
  return rowCount !== 0;
}
