import { startPostgres } from '../../shop/servers/embedded-postgres.ts';
import { startRedis } from '../../shop/servers/embedded-redis.ts';

/* A process to be killed by a test: starts both stores on a folder and tells their process ids. */

const [dataDir = '', searchPath = '', endWithParent = ''] = process.argv.slice(2);
const options = { dataDir, searchPath, endWithParent: endWithParent === 'true' };
const [redis, postgres] = await Promise.all([startRedis(options), startPostgres(options)]);
process.stdout.write(
  `${JSON.stringify({ redis: redis.pid, redisUrl: redis.url, postgres: postgres.pid, postgresUrl: postgres.url })}\n`,
);
