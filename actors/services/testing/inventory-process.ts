import { silentLogger, systemClock } from '@trolley/runtime';
import { openInventoryService } from '../inventory/inventory.service.ts';

/** An inventory in a process of its own, for tests that kill it: `<dataDir> [<sweepEveryMs>]`; prints its port. */
const [, , dataDir = '', sweepEveryMs] = process.argv;
const { port } = await openInventoryService({
  dataDir,
  host: '127.0.0.1',
  port: 0,
  logger: silentLogger,
  clock: systemClock,
  seedStock: 1_000_000,
  ...(sweepEveryMs === undefined ? {} : { sweepEveryMs: Number(sweepEveryMs) }),
});
process.stdout.write(`${port}\n`);
// Nobody is left to be served once the test has gone.
process.stdin.on('end', () => process.exit()).resume();
