import {
  type Client,
  type ClusterOptions,
  type HealthCheck,
  openClusterClient,
  systemClock,
  withTimeLimit,
} from '@trolley/runtime';
import type { Lifecycle } from '../process/lifecycle.ts';

export interface ClusterClient extends Pick<Client, 'refs'> {
  /** Rejects while no node is alive to handle what is asked. */
  readonly nodes: HealthCheck;
}

const lookLimitMs = 500;

/** Reaches the actors, wherever their nodes are. */
export async function startClusterClient(
  cluster: ClusterOptions,
  lifecycle: Lifecycle,
): Promise<ClusterClient> {
  const client = await lifecycle.start({
    name: 'the cluster client',
    start: () => openClusterClient(cluster),
    stop: (opened) => opened.close(),
  });
  return { refs: client.refs, nodes: () => checkNodes(client) };
}

async function checkNodes(client: Client): Promise<void> {
  // Without Redis nothing is known of them, and Redis itself is said to fail.
  const look = withTimeLimit(systemClock, lookLimitMs, 'the members', client.nodes());
  const alive = await look.catch(() => undefined);
  if (alive?.length === 0) throw new Error('no node is alive');
}
