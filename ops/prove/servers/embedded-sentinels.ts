import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '@trolley/runtime/adapters';
import { spawnServer, untilReady } from '../../shop/servers/child-server.ts';
import { endingWithParent } from '../../shop/process/death-signal.ts';
import { startRedis } from '../../shop/servers/embedded-redis.ts';
import { host, type EmbeddedServer } from '../../shop/servers/embedded-server.ts';
import { findProgram, noRedis, redisPrograms } from '../../shop/process/find-redis.mjs';
import { findFreePort } from '../../shop/process/ports.ts';
import { askRedis, redisAnswers, untilRedisSays } from '../../shop/servers/redis-probe.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

export interface SentinelOptions {
  /** The files of each server go to a folder in it. */
  readonly dataDir: string;
  /** PATH, to find the program. */
  readonly searchPath: string;
  /** How many Sentinels; more than half of them agree on a failover. */
  readonly sentinels: number;
  /** After this a silent Redis counts as gone. */
  readonly downAfterMs: number;
}

/** A Redis with a replica and the Sentinels that watch them, on the loopback, for tests. */
export interface WatchedRedis {
  /** `redis+sentinel://127.0.0.1:41233,…/trolley` */
  readonly url: string;
  /** Master and replica, as they began. */
  readonly servers: readonly EmbeddedServer[];
  /** The one that the Sentinels name as the master. */
  master(): Promise<EmbeddedServer | undefined>;
  stop(): Promise<void>;
}

interface Stoppable {
  stop(deadlineMs?: number): Promise<void>;
}

const name = 'trolley';
const startDeadlineMs = 30_000;
const stopDeadlineMs = 5_000;

export async function startWatchedRedis(options: SentinelOptions): Promise<WatchedRedis> {
  const started: Stoppable[] = [];
  const remember = <T extends Stoppable>(server: T): T => {
    started.push(server);
    return server;
  };
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()));
  };
  try {
    const master = remember(await startMember(options, 'master', []));
    const follow = ['--replicaof', `${host} ${master.port}`, '--repl-diskless-sync-delay', '0'];
    const replica = remember(await startMember(options, 'replica', follow));
    await untilRedisSays(replica.port, host, 'INFO replication', (info) =>
      info.includes('master_link_status:up'),
    );
    const ports: number[] = [];
    for (let index = 0; index < options.sentinels; index++) {
      const port = await findFreePort();
      ports.push(port);
      remember(await startSentinel(options, port, master.port));
    }
    // They find the replica, and each other, by what the master tells.
    const whole = `slaves=1,sentinels=${options.sentinels}`;
    for (const port of ports)
      await untilRedisSays(port, host, 'INFO sentinel', (info) => info.includes(whole));
    const servers = [master, replica];
    return {
      url: `redis+sentinel://${ports.map((port) => `${host}:${port}`).join()}/${name}`,
      servers,
      async master() {
        const answer = await askRedis(ports[0] ?? 0, host, `SENTINEL GET-MASTER-ADDR-BY-NAME ${name}`);
        return servers.find(({ port }) => answer?.includes(`\r\n${port}\r\n`));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startMember(
  { dataDir, searchPath }: SentinelOptions,
  folder: string,
  args: readonly string[],
): Promise<EmbeddedServer> {
  return startRedis({ dataDir: join(dataDir, folder), searchPath, durable: false, open: true, args });
}

async function startSentinel(
  { dataDir, searchPath, sentinels, downAfterMs }: SentinelOptions,
  port: number,
  masterPort: number,
): Promise<Stoppable> {
  const program = findProgram(redisPrograms, searchPath);
  if (program === undefined) throw new StartProblem(noRedis);
  const cwd = join(dataDir, `sentinel-${port}`);
  makeFolder(cwd);
  const file = join(cwd, 'sentinel.conf');
  const quorum = Math.floor(sentinels / 2) + 1;
  // It writes what it learns to this file.
  writeFileSync(
    file,
    [
      `port ${port}`,
      `bind ${host}`,
      `dir ${cwd}`,
      `sentinel monitor ${name} ${host} ${masterPort} ${quorum}`,
      `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
      `sentinel failover-timeout ${name} ${10 * downAfterMs}`,
    ].join('\n'),
  );
  const log = join(cwd, 'sentinel.log');
  const command = endingWithParent({ program, args: [file, '--sentinel'], cwd }, 'TERM');
  const server = await spawnServer(command, log, { graceful: 'SIGTERM', forced: 'SIGKILL' });
  await untilReady('Sentinel', server, log, startDeadlineMs, () => redisAnswers(port, host));
  return { stop: () => server.stop(stopDeadlineMs) };
}
