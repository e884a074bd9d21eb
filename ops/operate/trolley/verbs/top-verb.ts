import { outboxInspection } from '@trolley/runtime/postgres';
import { cartConsumerGroup } from '../../../../actors/cart/cart.consumer.ts';
import { checkoutTopic } from '../../../../actors/checkout/checkout-completed.ts';
import { orderConsumerGroup } from '../../../../actors/order/order.consumer.ts';
import { counted } from '../deal.ts';
import { foreseenReason } from '../foreseen-reason.ts';
import { aligned, spanOf, type Table } from '../table.ts';
import type { Around, Verb } from '../verb.ts';
import { busiestOf, tableOfBusiest } from './actor-verbs.ts';
import { tableOfNodes } from './cluster-verbs.ts';
import { tableOfMailboxes } from './mailbox-verbs.ts';
import { stuckSagas, tableOfSagas } from './saga-verbs.ts';

/** A part of the screen. */
interface Part {
  readonly name: string;
  /** For programs. */
  readonly facts?: unknown;
  readonly lines: readonly string[];
}

const shown = 8;

/** All at a glance. */
export const topVerb: Verb = {
  name: 'top',
  summary: 'one screen: nodes, deepest mailboxes, busiest actors, what is stuck, outbox, lag',
  about: 'Best with --watch. What can’t be reached is said in its place.',
  isReport: true,
  async run(_call, around) {
    const parts = await Promise.all(
      Object.entries(looks).map(async ([name, look]): Promise<Part> => {
        try {
          return { name, ...(await look(around)) };
        } catch (error) {
          const reason = foreseenReason(error);
          if (reason === undefined) throw error;
          return { name, lines: [`can't be looked at: ${reason}`] };
        }
      }),
    );
    const items = parts.map(({ name, facts, lines }) =>
      facts === undefined ? { name, problem: lines[0] } : { name, facts },
    );
    const text = parts.map(({ name, lines }) =>
      [name.toUpperCase(), ...lines.map((line) => `  ${line}`)].join('\n'),
    );
    return { items, text: text.join('\n\n') };
  },
};

const looks: Readonly<Record<string, (around: Around) => Promise<Omit<Part, 'name'>>>> = {
  async nodes({ cluster, clock }) {
    const nodes = await (await cluster()).nodes.list();
    const lines = nodes.length === 0 ? ['no node is alive'] : linesOf(tableOfNodes(nodes, clock.now()));
    return { facts: nodes, lines };
  },
  async 'deepest mailboxes'({ cluster, clock }) {
    const { items } = await (await cluster()).mailboxes.list({ limit: shown });
    return { facts: items, lines: linesOf(tableOfMailboxes(items, clock.now())) };
  },
  async 'busiest actors'({ cluster }) {
    const busy = busiestOf(await (await cluster()).nodes.list()).slice(0, shown);
    return { facts: busy, lines: linesOf(tableOfBusiest(busy)) };
  },
  async stuck({ cluster }) {
    const { deadLetters, parked } = await cluster();
    const [letters, resting] = await Promise.all([
      deadLetters.list({ limit: 100 }),
      parked.list({ limit: 100 }),
    ]);
    const countOf = ({ items, cursor }: { items: readonly unknown[]; cursor?: string }, noun: string) =>
      `${cursor === undefined ? '' : 'more than '}${counted(items.length, noun)}`;
    const facts = { deadLetters: letters.items.length, parkedActors: resting.items.length };
    return { facts, lines: [`${countOf(letters, 'dead letter')}, ${countOf(resting, 'parked actor')}`] };
  },
  async 'stuck checkouts'(around) {
    const { items, cursor } = await stuckSagas(around, { limit: shown });
    const more = cursor === undefined ? [] : ['and more: sagas stuck'];
    return { facts: items, lines: [...linesOf(tableOfSagas(items, around.clock.now())), ...more] };
  },
  async outbox({ postgres }) {
    const report = await outboxInspection({ pool: await postgres() }).report();
    const { waiting, oldestAt, at, relay, sentPerSecond } = report;
    const oldest = oldestAt === undefined ? '' : `, the oldest for ${spanOf(at - oldestAt) ?? ''}`;
    const publishes = relay === undefined ? 'no relay publishes' : `relay: PostgreSQL pid ${relay.pid}`;
    return {
      facts: report,
      lines: [
        `${counted(waiting, 'event')} unsent${oldest}; ${sentPerSecond.toFixed(1)} a second sent; ${publishes}`,
      ],
    };
  },
  async lag({ log }) {
    const events = await log();
    const groups = await Promise.all(
      [cartConsumerGroup, orderConsumerGroup].map(async (group) => {
        const lags = await events.lag(checkoutTopic, group);
        return { group, records: lags.reduce((sum, { records }) => sum + records, 0) };
      }),
    );
    return {
      facts: groups,
      lines: groups.map(({ group, records }) => `${group} is ${counted(records, 'event')} behind`),
    };
  },
};

const linesOf = (table: Table) => (table.rows.length === 0 ? ['none'] : aligned(table, 150));
