import type { ActorCluster } from '@trolley/runtime';

/** A type that nobody hosts may have been one, and left something; or it is misspelt. */
export async function hostedNote(cluster: ActorCluster, type: string): Promise<string[]> {
  const types = await cluster.hostedTypes();
  if (types.includes(type)) return [];
  const hosted = types.length === 0 ? 'no node is alive' : `the nodes host ${types.join(', ')}`;
  return [`Nobody hosts the type ${type} now: ${hosted}.`];
}
