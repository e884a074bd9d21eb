import { heldBackBy, outboxInspection, type RelayReport } from '@trolley/runtime/postgres';
import { checkoutTopic } from '../../../../actors/checkout/checkout-completed.ts';
import { orderConsumerGroup } from '../../../../actors/order/order.consumer.ts';
import { UsageProblem } from '../../../shop/process/start-problem.ts';
import { counted } from '../deal.ts';
import { spanOf, tableOf, timeOf } from '../table.ts';
import type { Verb } from '../verb.ts';

/** Events that have left with a state and are not in the event log yet. */
export const outboxVerbs: readonly Verb[] = [
  {
    name: 'outbox',
    summary: 'what waits to be published, by type, since when and why; who relays it',
    isReport: true,
    async run(_call, around) {
      const report = await outboxInspection({ pool: await around.postgres() }).report();
      const why = await heldBackBy(report, async () =>
        (await around.log()).lag(checkoutTopic, orderConsumerGroup),
      );
      const { at, types, relay, standbys, waiting, isPartial, sentPerSecond } = report;
      const table = tableOf(types, {
        TYPE: ({ type }) => type,
        UNSENT: (each) => each.waiting,
        OLDEST: ({ oldestAt }) => spanOf(at - oldestAt),
        SINCE: ({ oldestAt }) => timeOf(oldestAt),
      });
      const notes = [
        `${isPartial ? 'At least ' : ''}${counted(waiting, 'event')} unsent; ${sentPerSecond.toFixed(1)} a second sent in the last minute`,
        relay === undefined ? 'No relay publishes' : `The relay is ${nameOf(relay)}`,
        ...standbys.map((each) => `Stands by: ${nameOf(each)}`),
        ...why.map((reason) => `Held back: ${reason}`),
      ];
      return { items: [{ ...report, heldBackBy: why }], table, notes, isPartial };
    },
  },
  {
    name: 'outbox rows',
    summary: 'the rows that wait, the oldest first',
    flags: {
      limit: { value: 'N', help: 'so many at most, 1 to 500 (default 100)' },
      after: { value: 'ID', help: 'behind this row' },
    },
    isReport: true,
    async run(call, around) {
      const limit = call.count('limit', 500) ?? 100;
      const after = call.text('after') ?? '0';
      if (!/^\d{1,18}$/.test(after))
        throw new UsageProblem(`--after goes with the id of a row, not ${after}.`);
      const rows = await outboxInspection({ pool: await around.postgres() }).waiting(limit, after);
      const table = tableOf(rows, {
        ID: ({ id }) => id,
        TYPE: ({ type }) => type,
        KEY: ({ key }) => key,
        OF: ({ aggregateId }) => aggregateId,
        SINCE: ({ createdAt }) => timeOf(createdAt),
        SENT: ({ publications }) => publications,
      });
      const cursor = rows.length === limit ? rows.at(-1)?.id : undefined;
      return { items: rows, table, notes: [counted(rows.length, 'unsent event')], cursor };
    },
  },
];

function nameOf({ pid, applicationName, address, connectedAt }: RelayReport): string {
  const where = address === undefined ? '' : ` from ${address}`;
  const since = connectedAt === undefined ? '' : `, connected since ${timeOf(connectedAt) ?? ''}`;
  return `${applicationName || 'not for this account to see'}${where}, PostgreSQL pid ${pid}${since}`;
}
