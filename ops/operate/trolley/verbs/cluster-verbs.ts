import type { NodeReport } from '@trolley/runtime';
import { counted } from '../deal.ts';
import { type Cell, spanOf, tableOf, timeOf } from '../table.ts';
import type { Verb } from '../verb.ts';

type Details = Extract<NodeReport, { isReporting: true }>;

/** Of a node that reports; one that does not has no figures. */
const told =
  (tell: (node: Details) => Cell) =>
  (node: NodeReport): Cell =>
    node.isReporting ? tell(node) : undefined;

const megabytes = (bytes: number) => `${Math.round(bytes / 1_048_576)} MB`;

export const tableOfNodes = (nodes: readonly NodeReport[], now: number) =>
  tableOf(nodes, {
    NODE: ({ name }) => name.slice(0, 8),
    PROCESS: told(({ process }) => process),
    VERSION: told(({ version }) => version),
    UP: told(({ startedAt }) => spanOf(now - startedAt)),
    SHARDS: told(({ shards }) => shards),
    ACTORS: told(({ activations }) => Object.values(activations).reduce((sum, count) => sum + count, 0)),
    'TURNS/S': told(({ turnsPerSecond }) => turnsPerSecond),
    'RETRIES/S': told(({ retriesPerSecond }) => retriesPerSecond),
    'LOOP MS': told(({ loopDelayMs }) => loopDelayMs),
    MEMORY: told(({ residentBytes }) => megabytes(residentBytes)),
    SEEN: told(({ lastSeenAt }) => spanOf(now - lastSeenAt)),
  });

/** Who does what. */
export const clusterVerbs: readonly Verb[] = [
  {
    name: 'nodes',
    summary: 'nodes that live: shards, actors in memory, turns a second, delay of the event loop',
    isReport: true,
    async run(_call, around) {
      const items = await (await around.cluster()).nodes.list();
      const note =
        items.length === 0 ? 'No node is alive: what is sent to actors waits' : counted(items.length, 'node');
      return { items, table: tableOfNodes(items, around.clock.now()), notes: [note] };
    },
  },
  {
    name: 'shards',
    summary: 'shards: which node holds each, since when, and how many actors have something to do',
    isReport: true,
    async run(_call, around) {
      const items = await (await around.cluster()).shards.list();
      const now = around.clock.now();
      const table = tableOf(items, {
        SHARD: ({ shard }) => shard,
        NODE: ({ lease }) => lease?.node,
        HELD: ({ lease }) => lease && spanOf(now - lease.heldSince),
        EXPIRES: ({ lease }) => lease && `${lease.expiresInMs} ms`,
        READY: ({ readyActors }) => readyActors,
      });
      const left = items.filter(({ lease }) => lease === undefined).length;
      return {
        items,
        table,
        notes: left === 0 ? [] : [`${left} of ${counted(items.length, 'shard')} have no node`],
      };
    },
  },
  {
    name: 'shards moves',
    summary: 'which shards went from node to node, the latest first',
    flags: { limit: { value: 'N', help: 'so many at most, 1 to 200 (default 200)' } },
    isReport: true,
    async run(call, around) {
      const items = await (await around.cluster()).shards.moves(call.count('limit', 200));
      const table = tableOf(items, {
        AT: ({ at }) => timeOf(at),
        SHARD: ({ shard }) => shard,
        FROM: ({ from }) => from,
        TO: ({ to }) => to,
        WHY: ({ why }) => why,
      });
      return { items, table, notes: [counted(items.length, 'move')] };
    },
  },
  {
    name: 'types',
    summary: 'the actor types that nodes host now, and their messages',
    isReport: true,
    async run(_call, around) {
      const cluster = await around.cluster();
      const [types, contracts] = await Promise.all([cluster.hostedTypes(), cluster.contracts.list()]);
      const items = types.map(
        (type) => contracts.find((each) => each.type === type) ?? { type, messages: [] },
      );
      const table = tableOf(items, {
        TYPE: ({ type }) => type,
        MESSAGES: ({ messages }) => messages.map(({ name }) => name).join(' ') || undefined,
      });
      return { items, table, notes: [counted(items.length, 'type')] };
    },
  },
];
