import { z } from 'zod';
import type { Nodes, Shards } from '@trolley/runtime';
import type { Trouble, TroubleSource } from '../trouble.ts';
import { type ApiRoute, defineRead } from './route.ts';

const movesShown = 50;

/** `GET /api/cluster`: the nodes, who holds which shard, and what has moved. */
export function nodeRoutes(nodes: Nodes, shards: Shards): ApiRoute[] {
  return [
    defineRead({
      path: '/api/cluster',
      query: z.object({}),
      async answer() {
        const [live, held, moves] = await Promise.all([
          nodes.list(),
          shards.list(),
          shards.moves(movesShown),
        ]);
        return { nodes: live, shards: held, moves };
      },
    }),
  ];
}

/** For the overview. */
export function nodeTroubles(nodes: Nodes, shards: Shards): TroubleSource {
  const page = '/cluster';
  return {
    name: 'nodes',
    async look() {
      const [live, held] = await Promise.all([nodes.list(), shards.list()]);
      if (live.length === 0)
        return [{ what: 'no node lives', why: 'nobody handles what is sent', may: 'start a node', page }];
      const troubles: Trouble[] = [];
      const unheld = held.filter(({ lease }) => lease === undefined).length;
      if (unheld > 0)
        troubles.push({
          what: `${unheld} of ${held.length} shards are held by nobody`,
          why: 'a node died or is starting; what is sent to their actors waits',
          may: 'wait for two leases, some 6 s, then look at the nodes',
          page,
        });
      return troubles;
    },
  };
}
