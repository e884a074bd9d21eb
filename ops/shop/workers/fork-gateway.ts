import cluster from 'node:cluster';
import type { GatewayProcess } from './gateway-run.ts';

/** Starts this program once more, as a gateway of the same shop: see `runGateway`. */
export function createGatewayFork(count: number): () => GatewayProcess {
  // One by itself takes its connections from the kernel; among several, the primary hands them out in turn.
  cluster.schedulingPolicy = count === 1 ? cluster.SCHED_NONE : cluster.SCHED_RR;
  // What it says to people is only what Node itself says at its end.
  cluster.setupPrimary({ args: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  return () => cluster.fork();
}
