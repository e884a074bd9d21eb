import type { ActorCluster, Clock } from '@trolley/runtime';
import type { TroubleSource } from '../trouble.ts';
import { actorRoutes } from './actor-routes.ts';
import { deadLetterRoutes, deadLetterTroubles } from './dead-letter-routes.ts';
import { mailboxRoutes, mailboxTroubles } from './mailbox-routes.ts';
import { nodeRoutes, nodeTroubles } from './node-routes.ts';
import { parkedRoutes, parkedTroubles } from './parked-routes.ts';
import type { ApiRoute } from './route.ts';

/** What the console knows of a cluster, whatever its actors are. */
export type InspectedCluster = Pick<
  ActorCluster,
  'actors' | 'contracts' | 'deadLetters' | 'mailboxes' | 'nodes' | 'parked' | 'shards'
>;

export function clusterRoutes(cluster: InspectedCluster): ApiRoute[] {
  return [
    ...nodeRoutes(cluster.nodes, cluster.shards),
    ...mailboxRoutes(cluster.mailboxes),
    ...actorRoutes(cluster),
    ...deadLetterRoutes(cluster.deadLetters),
    ...parkedRoutes(cluster.parked),
  ];
}

export function clusterTroubles(cluster: InspectedCluster, clock: Clock): TroubleSource[] {
  return [
    nodeTroubles(cluster.nodes, cluster.shards),
    parkedTroubles(cluster.parked),
    mailboxTroubles(cluster.mailboxes, clock),
    deadLetterTroubles(cluster.deadLetters),
  ];
}
