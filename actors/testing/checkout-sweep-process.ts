import { silentLogger, systemClock } from '@trolley/runtime';
import { createPostgresPool } from '@trolley/runtime/postgres';
import { removeEndedCheckouts } from '../checkout/checkout.retention.postgres.ts';
import { startSweep } from '../services/sweep.ts';

/** The sweep of ended checkouts in a process of its own, for tests that kill it: `<postgresUrl> <endedBefore>`. */
const [, , postgresUrl = '', endedBefore] = process.argv;
const pool = createPostgresPool(postgresUrl, { max: 1 });
startSweep({
  clock: systemClock,
  everyMs: 1,
  logger: silentLogger,
  round: () => removeEndedCheckouts(pool, Number(endedBefore)),
});
// Nobody is left to be swept for once the test has gone.
process.stdin.on('end', () => process.exit()).resume();
