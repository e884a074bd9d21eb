import {
  type EventDeadLetter,
  type EventDeadLetterQuery,
  eventDeadLetters,
  type EventLog,
  type ReadRecord,
} from '@trolley/runtime/events';
import { cartConsumerGroup } from '../../../../actors/cart/cart.consumer.ts';
import { checkoutTopic } from '../../../../actors/checkout/checkout-completed.ts';
import { orderConsumerGroup } from '../../../../actors/order/order.consumer.ts';
import { exitCodes } from '../../../shop/process/run-command.ts';
import { UsageProblem } from '../../../shop/process/start-problem.ts';
import type { Call } from '../call.ts';
import { counted, deal, dealingFlags } from '../deal.ts';
import { tableOf, timeOf } from '../table.ts';
import type { Flag, Outcome, Verb } from '../verb.ts';

const groups = [cartConsumerGroup, orderConsumerGroup];
const noun = 'dead event';
/** Pages that are turned in search of one event: some 100,000 records. */
const maxPages = 20;

const pick: Readonly<Record<string, Flag>> = {
  user: { value: 'ID', help: 'of this user' },
  type: { value: 'TYPE', help: 'of this type, such as CheckoutCompleted' },
  since: { value: 'TIME', help: 'appended since then: 15m, 2h, 7d ago, or a date' },
  until: { value: 'TIME', help: 'appended before' },
};
const pickDead: Readonly<Record<string, Flag>> = {
  ...pick,
  reason: { value: 'TEXT', help: 'whose reason holds this, in any case' },
  event: { value: 'ID', help: 'of this event' },
};

/** The event log, and what consumers could not understand in it. */
export const eventVerbs: readonly Verb[] = [
  {
    name: 'events',
    summary: 'events in the log, the latest first',
    flags: {
      ...pick,
      limit: { value: 'N', help: 'so many at most, 1 to 500 (default 100)' },
      after: { value: 'CURSOR', help: 'goes on behind an earlier list, which named the cursor' },
    },
    isReport: true,
    async run(call, around) {
      const log = await around.log();
      const { records, cursor } = await log.read(checkoutTopic, {
        ...{ key: call.text('user'), type: call.text('type') },
        ...{ since: call.moment('since'), until: call.moment('until') },
        ...{ limit: call.count('limit', 500), cursor: call.text('after') },
      });
      const table = tableOf(records, {
        AT: ({ appendedAt }) => timeOf(appendedAt),
        TYPE: ({ type }) => type,
        USER: ({ key }) => key,
        ID: ({ id }) => id,
        PARTITION: ({ partition }) => partition,
        OFFSET: ({ offset }) => offset,
        VALUE: ({ value }) => value,
      });
      return { items: records, table, notes: [counted(records.length, 'event')], cursor };
    },
  },
  {
    name: 'events show',
    words: 'ID',
    maxWords: 1,
    summary: 'one event as JSON, whole; as often as it was published',
    isReport: true,
    async run(call, around) {
      const id = call.word(0, 'Say which: an ID, as npm run trolley -- events lists it.');
      const records = await findEvent(await around.log(), id);
      if (records.length === 0)
        return { items: [], notes: [`There is no event ${id}`], code: exitCodes.failed };
      return {
        items: records,
        text: records.map((record) => JSON.stringify(record, undefined, 2)).join('\n'),
      };
    },
  },
  {
    name: 'events lag',
    summary: 'how far each group of consumers is behind, by partition',
    isReport: true,
    async run(_call, around) {
      const log = await around.log();
      const lags = await Promise.all(
        groups.map(async (group) => {
          const partitions = await log.lag(checkoutTopic, group);
          return partitions.map(({ partition, records }) => ({ group, partition, records }));
        }),
      );
      const items = lags.flat();
      const table = tableOf(items, {
        GROUP: ({ group }) => group,
        PARTITION: ({ partition }) => partition,
        BEHIND: ({ records }) => records,
      });
      const notes = lags.map((each, place) => {
        return `${groups[place] ?? ''} is ${counted(
          each.reduce((sum, { records }) => sum + records, 0),
          'event',
        )} behind`;
      });
      return { items, table, notes };
    },
  },
  {
    name: 'events dead',
    summary: 'events that consumers could not handle, with the reason, the latest first',
    about: `They lie in ${checkoutTopic}.dlq until they are replayed or discarded.`,
    flags: { ...pickDead, limit: { value: 'N', help: 'so many at most, 1 to 500 (default 100)' } },
    isReport: true,
    async run(call, around) {
      const { items, total, isPartial } = await listDead(await around.log(), call);
      return {
        items: items.map(itemOf),
        table: tableOfLetters(items),
        notes: [
          counted(total, noun),
          ...(isPartial ? ['Only the latest 10,000 records were looked through'] : []),
        ],
        isPartial,
      };
    },
  },
  {
    name: 'events dead show',
    words: 'ID',
    maxWords: 1,
    summary: 'one of them as JSON, whole',
    isReport: true,
    async run(call, around) {
      const letter = await deadOf(await around.log()).get(idOf(call));
      if (letter === undefined) return noLetter(idOf(call));
      return { items: [itemOf(letter)], text: JSON.stringify(itemOf(letter), undefined, 2) };
    },
  },
  {
    name: 'events dead replay',
    words: '[ID…]',
    maxWords: 500,
    summary: 'publishes them again under their events’ ids, keys and headers',
    about: 'Every group gets them. One that has handled the event does nothing then.',
    flags: { ...pickDead, ...dealingFlags },
    isReport: false,
    async run(call, around) {
      const log = await around.log();
      const act = (letter: EventDeadLetter) =>
        deadOf(log)
          .replay(letter)
          .then(() => true);
      return deal(call, around, { verb: 'replay', ...dealingWith(log, call), act });
    },
  },
  {
    name: 'events dead discard',
    words: '[ID…]',
    maxWords: 500,
    summary: 'takes them off the list, with a reason',
    flags: { ...pickDead, because: { value: 'TEXT', help: 'why; wanted, for the record' }, ...dealingFlags },
    isReport: false,
    async run(call, around) {
      const reason = call.text('because');
      if (reason === undefined && !call.is('dry-run')) throw new UsageProblem('Say why: --because "…".');
      const log = await around.log();
      const act = (letter: EventDeadLetter) =>
        deadOf(log)
          .discard(letter, reason ?? '')
          .then(() => true);
      return deal(call, around, { verb: 'discard', ...dealingWith(log, call), details: { reason }, act });
    },
  },
];

const deadOf = (log: EventLog) => eventDeadLetters(log, checkoutTopic);

function listDead(log: EventLog, call: Call, limit = call.count('limit', 500) ?? 100) {
  const query: EventDeadLetterQuery = {
    ...{ key: call.text('user'), type: call.text('type'), eventId: call.text('event') },
    ...{ reason: call.text('reason'), after: call.moment('since'), before: call.moment('until') },
  };
  return deadOf(log).list(query, limit);
}

const dealingWith = (log: EventLog, call: Call) => ({
  noun,
  filters: Object.keys(pickDead),
  find: (id: string) => deadOf(log).get(id),
  pick: async (limit: number) => (await listDead(log, call, limit)).items,
  idOf: ({ id }: EventDeadLetter) => id,
  preview: tableOfLetters,
});

const tableOfLetters = (letters: readonly EventDeadLetter[]) =>
  tableOf(letters, {
    ID: ({ id }) => id,
    REJECTED: ({ at }) => timeOf(at),
    TIMES: ({ earlier }) => earlier.length + 1,
    TYPE: ({ record }) => record.type,
    USER: ({ record }) => record.key,
    EVENT: ({ record }) => record.id,
    REASON: ({ reason }) => reason,
  });

/** Flat, for programs. */
function itemOf({ id, earlier, reason, at, record }: EventDeadLetter) {
  const { id: eventId, key, type, value, headers } = record;
  return { id, earlier, reason, at, eventId, key, type, value, headers };
}

const idOf = (call: Call) => call.word(0, 'Say which: an ID, as npm run trolley -- events dead lists it.');

const noLetter = (id: string): Outcome => ({
  items: [],
  notes: [`There is no ${noun} ${id}`],
  code: exitCodes.failed,
});

/** It lies in one partition, but only its key tells in which: so all are looked through, the latest first. */
async function findEvent(log: EventLog, id: string): Promise<readonly ReadRecord[]> {
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const { records, cursor: next } = await log.read(checkoutTopic, { id, cursor });
    if (records.length > 0 || next === undefined) return records;
    cursor = next;
  }
  return [];
}
