import type { ActorCluster } from '@trolley/runtime';
import type { TroubleSource } from '../trouble.ts';
import { deadLetterRoutes, deadLetterTroubles } from './dead-letter-routes.ts';
import { parkedRoutes, parkedTroubles } from './parked-routes.ts';
import type { ApiRoute } from './route.ts';

/** What the console knows of a cluster, whatever its actors are. */
export type InspectedCluster = Pick<ActorCluster, 'deadLetters' | 'parked'>;

export function clusterRoutes({ deadLetters, parked }: InspectedCluster): ApiRoute[] {
  return [...deadLetterRoutes(deadLetters), ...parkedRoutes(parked)];
}

export function clusterTroubles({ deadLetters, parked }: InspectedCluster): TroubleSource[] {
  return [deadLetterTroubles(deadLetters), parkedTroubles(parked)];
}
