import { Gauge } from 'prom-client';
import type { Clock, ClusterNode } from '@trolley/runtime';
import type { EventLog } from '@trolley/runtime/events';
import type { PostgresPool } from '@trolley/runtime/postgres';
import type { OpenSource } from './metrics.ts';

/** What waits in the mailboxes of a node's shards. */
export function mailboxSource(node: Pick<ClusterNode, 'mailboxes'>): OpenSource {
  return (registry) => {
    const registers = [registry];
    const actors = new Gauge({
      name: 'trolley_mailbox_actors',
      help: 'Actors with messages in their mailboxes, in hand or waiting.',
      registers,
    });
    const messages = new Gauge({
      name: 'trolley_mailbox_messages',
      help: 'Messages in these mailboxes.',
      registers,
    });
    const deepest = new Gauge({
      name: 'trolley_mailbox_deepest',
      help: 'Messages in the deepest of these mailboxes.',
      registers,
    });
    const parked = new Gauge({
      name: 'trolley_actors_parked',
      help: 'Actors of these shards that rest until somebody releases them.',
      registers,
    });
    return async () => {
      const load = await node.mailboxes();
      actors.set(load.actors);
      messages.set(load.messages);
      deepest.set(load.deepest);
      parked.set(load.parked);
    };
  };
}

/** Counted no further: a shop whose event log is away for hours is not to be slowed down by those who look. */
const mostCounted = 10_000;

/** What waits to be published. Each relay tells the same, those that stand by included. */
export function outboxSource(pool: PostgresPool): OpenSource {
  return (registry) => {
    const registers = [registry];
    const waiting = new Gauge({
      name: 'trolley_outbox_events',
      help: 'Events that are not published yet, counted up to 10,000.',
      registers,
    });
    const age = new Gauge({
      name: 'trolley_outbox_oldest_age_seconds',
      help: 'How long the oldest event waits to be published; 0 where none does.',
      registers,
    });
    return async () => {
      const { rows } = await pool.query<{ waiting: number; age: number | null }>(
        `SELECT (SELECT count(*)::int FROM (
                   SELECT FROM outbox_events WHERE processed_at IS NULL LIMIT $1) AS w) AS waiting,
                (SELECT extract(epoch FROM clock_timestamp() - created_at)::float8
                   FROM outbox_events WHERE processed_at IS NULL ORDER BY id LIMIT 1) AS age`,
        [mostCounted],
      );
      waiting.set(rows[0]?.waiting ?? 0);
      age.set(Math.max(0, rows[0]?.age ?? 0));
    };
  };
}

/** Sagas that do not get on. Each node tells the same. */
export function sagaSource(
  saga: string,
  count: () => Promise<{ readonly count: number; readonly firstBegan: number | undefined }>,
  clock: Pick<Clock, 'now'>,
): OpenSource {
  return (registry) => {
    const shared = { labelNames: ['saga'], registers: [registry] };
    const stuck = new Gauge({
      name: 'trolley_sagas_stuck',
      help: 'Sagas that try a step again, or wait for it longer than one should, counted up to 10,000.',
      ...shared,
    });
    const age = new Gauge({
      name: 'trolley_sagas_stuck_oldest_age_seconds',
      help: 'How long ago the first of these began; 0 where none is stuck.',
      ...shared,
    });
    return async () => {
      const found = await count();
      stuck.set({ saga }, found.count);
      age.set({ saga }, Math.max(0, clock.now() - (found.firstBegan ?? Infinity)) / 1_000);
    };
  };
}

/** A topic that others made may have hundreds: those behind are told as one. */
const mostPartitions = 64;

/** How far a group of consumers is behind. Each process that is in the group, or stands by, tells the same. */
export function lagSource(log: Pick<EventLog, 'lag'>, topic: string, group: string): OpenSource {
  return (registry) => {
    const lag = new Gauge({
      name: 'trolley_event_log_lag',
      help: 'Events of the log that a group of consumers has not committed, by partition.',
      labelNames: ['group', 'partition'],
      registers: [registry],
    });
    return async () => {
      const lags = await log.lag(topic, group);
      lag.reset();
      for (const { partition, records } of lags) {
        const label = partition < mostPartitions ? String(partition) : 'others';
        lag.inc({ group, partition: label }, records);
      }
    };
  };
}
