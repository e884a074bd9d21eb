import { exitCodes } from '../../../shop/process/run-command.ts';
import { UsageProblem } from '../../../shop/process/start-problem.ts';
import type { NodeReport } from '@trolley/runtime';
import { tableOf } from '../table.ts';
import type { Verb } from '../verb.ts';
import { actorOf } from './parked-verbs.ts';

/** The busiest keys of all nodes, the busiest first. */
export const busiestOf = (nodes: readonly NodeReport[]) =>
  nodes
    .flatMap((node) =>
      node.isReporting ? node.busiestKeys.map((busy) => ({ ...busy, node: node.name })) : [],
    )
    .sort((a, b) => b.turnsPerSecond - a.turnsPerSecond);

export const tableOfBusiest = (busy: ReturnType<typeof busiestOf>) =>
  tableOf(busy, {
    TYPE: ({ type }) => type,
    KEY: ({ key }) => key,
    'TURNS/S': ({ turnsPerSecond }) => turnsPerSecond,
    NODE: ({ node }) => node.slice(0, 8),
  });

/** Any actor, whatever its type. */
export const actorVerbs: readonly Verb[] = [
  {
    name: 'actors',
    summary: 'the busiest actors, by turns a second',
    isReport: true,
    async run(_call, around) {
      const nodes = await (await around.cluster()).nodes.list();
      const items = busiestOf(nodes);
      const active = new Map<string, number>();
      for (const node of nodes) {
        for (const [type, count] of Object.entries(node.isReporting ? node.activations : {}))
          active.set(type, (active.get(type) ?? 0) + count);
      }
      const notes = [...active].map(([type, count]) => `${count} of type ${type} in memory`);
      return { items, table: tableOfBusiest(items), notes };
    },
  },
  {
    name: 'actors show',
    words: 'TYPE KEY',
    maxWords: 2,
    summary: 'one actor as JSON: state, version, mailbox, wanted effects, reminders, who waits, what failed',
    about: 'It is not brought into memory for that. Asked is the node that holds its shard.',
    isReport: true,
    async run(call, around) {
      const { type, key } = actorOf(call);
      const found = await (await around.cluster()).actors.inspect(type, key);
      return { items: [found], text: JSON.stringify(found, undefined, 2) };
    },
  },
  {
    name: 'actors send',
    words: 'TYPE KEY MESSAGE JSON',
    maxWords: 4,
    summary: 'sends a message by hand, and prints its answer, if it has one',
    flags: { id: { value: 'ID', help: 'the message’s id: sent again under it, it counts once' } },
    isReport: false,
    async run(call, around) {
      const { type, key } = actorOf(call);
      const message = call.word(2, 'Say which message: as npm run trolley -- types names it.');
      const input = parseInput(call.words[3] ?? '{}');
      const messageId = call.text('id');
      const { actors } = await around.cluster();
      const action = { action: 'send message', target: `${type}/${key}`, details: { message } };
      const sent = await around.audited(action, () => actors.send(type, key, message, input, { messageId }));
      const text = 'answer' in sent ? JSON.stringify(sent.answer, undefined, 2) : undefined;
      const notes = [`Sent as ${sent.messageId}`];
      return { items: [sent], notes, ...(text !== undefined && { text }) };
    },
  },
  {
    name: 'actors passivate',
    words: 'TYPE KEY',
    maxWords: 2,
    summary: 'has an actor leave memory after the turn under way',
    isReport: false,
    async run(call, around) {
      const { type, key } = actorOf(call);
      const { actors } = await around.cluster();
      const action = { action: 'passivate actor', target: `${type}/${key}` };
      const was = await around.audited(action, () => actors.passivate(type, key));
      return {
        items: [{ type, key, outcome: was ? 'passivated' : 'not in memory' }],
        notes: [`${type} ${key} ${was ? 'has left memory' : 'was not in memory'}`],
        code: was ? exitCodes.done : exitCodes.failed,
      };
    },
  },
];

/** @throws UsageProblem */
function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageProblem(`The input is no JSON: ${cause instanceof Error ? cause.message : ''}.`, {
      cause,
    });
  }
}
