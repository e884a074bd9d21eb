// The only one that is loaded before it runs: a signal is heard while the rest is still being read, or before it begins.
import { hearSignals } from './process/ending.mjs';
import cluster from 'node:cluster';

if (cluster.isWorker) {
  const { runGateway } = await import('./run-gateway.ts');
  await hearSignals();
  await runGateway();
} else {
  const { runShop } = await import('./run-shop.ts');
  await hearSignals();
  await runShop();
}
