import { join } from 'node:path';
import { startRedis } from '../../shop/servers/embedded-redis.ts';
import { host, type EmbeddedServer } from '../../shop/servers/embedded-server.ts';
import { findProgram, noRedis, redisPrograms } from '../../shop/process/find-redis.mjs';
import { findFreePort } from '../../shop/process/ports.ts';
import { askRedis, untilRedisSays } from '../../shop/servers/redis-probe.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

export interface RedisClusterOptions {
  /** The files of each node go to a folder in it. */
  readonly dataDir: string;
  /** PATH, to find the program. */
  readonly searchPath: string;
  /** Of each master. Default: none. */
  readonly replicas?: number;
  /** After this a silent node counts as gone. */
  readonly nodeTimeoutMs: number;
  /** More of Redis's own arguments, for the node with this number. */
  readonly args?: (index: number) => readonly string[];
}

/** A Redis Cluster on the loopback, for tests: three masters, and replicas if wanted. */
export interface RedisCluster {
  /** `redis+cluster://127.0.0.1:41233,127.0.0.1:41235,…` */
  readonly url: string;
  /** Those that began as masters first. */
  readonly nodes: readonly EmbeddedServer[];
  /** Those that are masters now. */
  masters(): Promise<EmbeddedServer[]>;
  stop(): Promise<void>;
}

interface Node {
  readonly server: EmbeddedServer;
  /** Where the nodes talk to each other. */
  readonly busPort: number;
}

const masterCount = 3;
const slotCount = 16_384;
/** A port that was free may be somebody's connection by the time Redis listens on it. */
const portTries = 5;

export async function startRedisCluster(options: RedisClusterOptions): Promise<RedisCluster> {
  // Not in containers: callers must reach the nodes under the addresses that these have for each other.
  if (findProgram(redisPrograms, options.searchPath) === undefined) throw new StartProblem(noRedis);
  const count = masterCount * (1 + (options.replicas ?? 0));
  const starting = Array.from({ length: count }, (_, index) => startNode(options, index));
  const started = await Promise.allSettled(starting);
  const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const servers = nodes.map(({ server }) => server);
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    await Promise.all(starting);
    await form(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis+cluster://${servers.map(({ port }) => `${host}:${port}`).join()}`,
    nodes: servers,
    async masters() {
      const roles = await Promise.all(servers.map(({ port }) => askRedis(port, host, 'ROLE')));
      return servers.filter((_, index) => roles[index]?.includes('\r\nmaster\r\n'));
    },
    stop,
  };
}

async function startNode(options: RedisClusterOptions, index: number): Promise<Node> {
  for (let tries = 1; ; tries++) {
    const [port, busPort] = [await findFreePort(), await findFreePort()];
    try {
      return await startNodeOn(options, index, port, busPort);
    } catch (error) {
      if (tries === portTries || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function startNodeOn(
  { dataDir, searchPath, nodeTimeoutMs, args }: RedisClusterOptions,
  index: number,
  port: number,
  busPort: number,
): Promise<Node> {
  const server = await startRedis({
    dataDir: join(dataDir, `node-${index + 1}`),
    searchPath,
    port,
    durable: false,
    open: true,
    args: [
      ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-announce-ip', host],
      ...['--cluster-node-timeout', String(nodeTimeoutMs), '--repl-diskless-sync-delay', '0'],
      ...(args?.(index) ?? []),
    ],
  });
  return { server, busPort };
}

/** Makes a cluster of the nodes: the first three share the slots, the others follow them. */
async function form(nodes: readonly Node[]): Promise<void> {
  const [first] = nodes;
  if (first === undefined) return;
  for (const [index, { server, busPort }] of nodes.entries()) {
    await order(server, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
    if (index > 0) await order(first.server, `CLUSTER MEET ${host} ${server.port} ${busPort}`);
  }
  const masters = nodes.slice(0, masterCount);
  for (const [index, { server }] of masters.entries()) {
    const [from, to] = [index, index + 1].map((share) => Math.floor((share * slotCount) / masterCount));
    await order(server, `CLUSTER ADDSLOTSRANGE ${from} ${Number(to) - 1}`);
  }
  const whole = ['cluster_state:ok', `cluster_slots_ok:${slotCount}`, `cluster_known_nodes:${nodes.length}`];
  await untilAll(nodes, 'CLUSTER INFO', (info) => whole.every((line) => info.includes(`${line}\r\n`)));
  const replicas = nodes.slice(masterCount);
  for (const [index, { server }] of replicas.entries()) {
    const master = masters[index % masterCount] ?? first;
    const id = (await ask(master.server, 'CLUSTER MYID')).split('\r\n')[1];
    await order(server, `CLUSTER REPLICATE ${id}`);
  }
  await untilAll(replicas, 'INFO replication', (info) => info.includes('master_link_status:up'));
}

async function ask({ port }: EmbeddedServer, command: string): Promise<string> {
  return (await askRedis(port, host, command)) ?? '';
}

async function order(server: EmbeddedServer, command: string): Promise<void> {
  const answer = await ask(server, command);
  if (!answer.startsWith('+OK')) throw new StartProblem(`${server.label}: ${command}: ${answer}`);
}

async function untilAll(
  nodes: readonly Node[],
  command: string,
  isWanted: (answer: string) => boolean,
): Promise<void> {
  await Promise.all(nodes.map(({ server }) => untilRedisSays(server.port, host, command, isWanted)));
}
