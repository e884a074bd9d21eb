import { type ActorCluster, connect, type ConnectOptions, systemClock } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import type { HealthCheck } from '@trolley/runtime/observe';
import type { InspectedCluster } from '../../console/api/cluster-routes.ts';
import type { Lifecycle } from '../process/lifecycle.ts';

export interface Cluster extends Pick<ActorCluster, 'refs' | 'host' | 'linkToNode' | 'linkToAsker'> {
  /** What operators see of it. */
  readonly inspected: InspectedCluster;
  /** Rejects while no node is alive to handle what is asked. */
  readonly nodes: HealthCheck;
}

const lookLimitMs = 500;

/** Reaches the actors, wherever their nodes are, and hosts some where the roles say so. */
export async function startCluster(options: ConnectOptions, lifecycle: Lifecycle): Promise<Cluster> {
  const cluster = await lifecycle.start({
    name: 'the cluster client',
    start: () => connect(options),
    stop: (opened) => opened.close(),
  });
  return {
    refs: cluster.refs,
    inspected: cluster,
    linkToNode: (port) => cluster.linkToNode(port),
    linkToAsker: (port) => cluster.linkToAsker(port),
    host: (actors, nodeOptions) => cluster.host(actors, nodeOptions),
    nodes: () => checkNodes(cluster),
  };
}

async function checkNodes(cluster: ActorCluster): Promise<void> {
  // Without Redis nothing is known of them, and Redis itself is said to fail.
  const look = withTimeLimit(systemClock, lookLimitMs, 'the members', cluster.nodes.list());
  const alive = await look.catch(() => undefined);
  if (alive?.length === 0) throw new Error('no node is alive');
}
