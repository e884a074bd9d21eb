import cluster from 'node:cluster';
import type { GatewayProcess } from './gateway-run.ts';

/** Starts this program once more, as a gateway of the same shop: see `runGateway`. */
export function createGatewayFork(): () => GatewayProcess {
  // Each takes its connections from the kernel. One that the primary would hand out is lost with a process that is killed
  // at that moment: nobody would tell its client.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  // What it says to people is only what Node itself says at its end.
  cluster.setupPrimary({ args: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  return () => cluster.fork();
}
