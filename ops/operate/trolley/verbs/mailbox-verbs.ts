import type { MailboxReport, MailboxState } from '@trolley/runtime';
import { UsageProblem } from '../../../shop/process/start-problem.ts';
import { counted } from '../deal.ts';
import { spanOf, tableOf, timeOf } from '../table.ts';
import type { Verb } from '../verb.ts';
import { actorOf } from './parked-verbs.ts';

const states: readonly MailboxState[] = ['waiting', 'active', 'delayed', 'failed', 'parked'];
const orders = ['deepest', 'oldest'] as const;

export const tableOfMailboxes = (mailboxes: readonly MailboxReport[], now: number) =>
  tableOf(mailboxes, {
    TYPE: ({ type }) => type,
    KEY: ({ key }) => key,
    WAITING: ({ waiting }) => waiting,
    ACTIVE: ({ active }) => active,
    DELAYED: ({ delayed }) => delayed,
    FAILED: ({ failed }) => failed,
    OLDEST: ({ oldestAt }) => oldestAt && spanOf(now - oldestAt),
    NODE: ({ node }) => node?.slice(0, 8),
    PARKED: ({ parked }) => parked?.reason,
  });

/** Where messages wait. */
export const mailboxVerbs: readonly Verb[] = [
  {
    name: 'mailboxes',
    summary: 'mailboxes with messages in them, the deepest first',
    flags: {
      type: { value: 'TYPE', help: 'of actors of this type' },
      key: { value: 'TEXT', help: 'with --type: of keys that begin so' },
      state: { value: 'STATE', help: `with such messages: ${states.join(', ')}`, choices: states },
      order: { value: 'ORDER', help: 'deepest (default) or oldest', choices: orders },
      limit: { value: 'N', help: 'so many at most, 1 to 500 (default 100)' },
      after: { value: 'CURSOR', help: 'goes on behind an earlier list, which named the cursor' },
    },
    isReport: true,
    async run(call, around) {
      const [type, key] = [call.text('type'), call.text('key')];
      if (key !== undefined && type === undefined) throw new UsageProblem('--key goes with --type.');
      const { items, cursor, isPartial } = await (
        await around.cluster()
      ).mailboxes.list({
        ...{ type, key, state: call.choice('state', states), order: call.choice('order', orders) },
        ...{ limit: call.count('limit', 500), cursor: call.text('after') },
      });
      const partial = isPartial ? ['Only the first thousand of some shard were looked at'] : [];
      const notes = [counted(items.length, 'mailbox').replace(/xs$/, 'xes'), ...partial];
      return { items, table: tableOfMailboxes(items, around.clock.now()), notes, cursor, isPartial };
    },
  },
  {
    name: 'mailboxes show',
    words: 'TYPE KEY',
    maxWords: 2,
    summary: 'the messages in one: those that come next, or failed last, first',
    flags: {
      state: {
        value: 'STATE',
        help: 'only waiting, active, delayed or failed ones',
        choices: states.slice(0, 4),
      },
      limit: { value: 'N', help: 'so many of each state at most, 1 to 200 (default 50)' },
    },
    isReport: true,
    async run(call, around) {
      const { type, key } = actorOf(call);
      const state = call.choice('state', ['waiting', 'active', 'delayed', 'failed'] as const);
      const found = await (
        await around.cluster()
      ).mailboxes.get(type, key, { state, limit: call.count('limit', 200) });
      const table = tableOf(found.messages, {
        STATE: (message) => message.state,
        MESSAGE: ({ message }) => message,
        JOB: ({ jobId }) => jobId,
        SENT: ({ sentAt }) => timeOf(sentAt),
        STARTS: ({ starts }) => starts,
        REQUEST: ({ requestId }) => requestId,
        INPUT: ({ input }) => input.json,
        REASON: ({ reason }) => reason,
      });
      return { items: [found], table, notes: [counted(found.messages.length, 'message')] };
    },
  },
];
