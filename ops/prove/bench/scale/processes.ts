import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { readEnvironment } from '../../../shop/environment.ts';
import { startRedis } from '../../../shop/servers/embedded-redis.ts';
import { startPostgres } from '../../../shop/servers/embedded-postgres.ts';
import type { EmbeddedServer } from '../../../shop/servers/embedded-server.ts';
import { createTallyTable } from '../mailbox/bench-actor.ts';
import { startHost, type HostProcess } from '../mailbox/host-process.ts';
import { keyDrawer, loadWithAsks } from '../mailbox/load.ts';
import { openTrolley } from '../mailbox/trolley-variant.ts';
import { inOrder, type Variant } from '../mailbox/variant.ts';
import { Figures } from '../measure/figures.ts';
import { processorTimes, type ProcessTree } from '../measure/processes.ts';
import { addProcessorTimes, usedBetween } from '../measure/processor-figures.ts';
import { rotated } from '../measure/statistics.ts';
import { at } from './growth.ts';

/* Actors over more and more processes: of the runtime, since a shop keeps its carts in one. */

/** How many host actors, from the fewest on. */
export const processCounts = [2, 4, 8] as const;

const keys = 1_000;
/** As many in all, which leaves each of more processes less to do; or as many for each, as where one adds a process. */
export const processLoads = {
  'asks of 256 callers': () => 256,
  'asks of 128 callers a process': (count: number) => 128 * count,
} as const;

type LoadName = keyof typeof processLoads;

const loadNames = Object.keys(processLoads) as LoadName[];
/** Until a process has compiled what it runs, messages for each. */
const warmMessages = 10_000;
const namespace = 'scale';

interface ProcessesRun {
  readonly folder: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly figures: Figures;
  readonly say: (line: string) => void;
}

export async function measureProcesses({
  folder,
  rounds,
  seconds,
  figures,
  say,
}: ProcessesRun): Promise<void> {
  const dataDir = join(folder, 'processes');
  mkdirSync(dataDir);
  const postgres = await startPostgres({ dataDir });
  const clusters: HostCluster[] = [];
  try {
    for (const count of processCounts) {
      say(`starting ${count} processes`);
      clusters.push(await HostCluster.open(join(dataDir, String(count)), count, postgres));
    }
    say('warming up');
    for (const each of clusters) await each.warmUp(seconds);
    for (let round = 0; round < rounds; round++) {
      say(`round ${round + 1} of ${rounds}`);
      for (const name of rotated(loadNames, round)) {
        for (const each of rotated(clusters, round)) await each.measure(name, seconds, figures);
      }
    }
    for (const each of clusters) await each.audit();
  } finally {
    for (const each of clusters) await each.close();
    await postgres.stop();
  }
}

/** Processes that host the same actors together, with a Redis of their own and a table of their own. */
class HostCluster {
  readonly #count: number;
  readonly #trees: readonly ProcessTree[];
  readonly #variant: Variant;
  readonly #sum: () => Promise<number>;
  readonly #closing: (() => Promise<void>)[];
  #asked = 0;

  private constructor(
    count: number,
    trees: readonly ProcessTree[],
    {
      variant,
      sum,
      closing,
    }: { variant: Variant; sum: () => Promise<number>; closing: (() => Promise<void>)[] },
  ) {
    this.#count = count;
    this.#trees = trees;
    this.#variant = variant;
    this.#sum = sum;
    this.#closing = closing;
  }

  static async open(dataDir: string, count: number, postgres: EmbeddedServer): Promise<HostCluster> {
    const closing: (() => Promise<void>)[] = [];
    try {
      mkdirSync(dataDir);
      const redis = await startRedis({ dataDir, searchPath: readEnvironment()['PATH'] ?? '' });
      closing.push(() => redis.stop());
      const table = `tally_${count}`;
      const client = new Client({ connectionString: postgres.url });
      await client.connect();
      closing.push(() => client.end());
      await client.query(createTallyTable(table));
      const store = { postgresUrl: postgres.url, table };
      const settings = { variant: 'trolley', namespace, redisUrl: redis.url, store, ...inOrder } as const;
      const hosts: HostProcess[] = [];
      for (let host = 0; host < count; host++) {
        const started = await startHost({ ...settings, idleMs: 600_000, leaseMs: 3_000 }, optionsOfStart());
        hosts.push(started);
        closing.push(() => started.stop());
      }
      const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
      const variant = openTrolley(connection, namespace);
      closing.push(async () => {
        await variant.close();
        connection.disconnect();
      });
      const sum = async () => {
        const { rows } = await client.query<{ sum: string }>(`SELECT sum(total) AS sum FROM ${table}`);
        return Number(rows[0]?.sum);
      };
      const trees = [
        ...hosts.map(({ pid }) => ({ name: 'hosts', pid })),
        { name: 'Redis', pid: redis.pid ?? 0 },
        { name: 'PostgreSQL', pid: postgres.pid ?? 0 },
      ];
      return new HostCluster(count, trees, { variant, sum, closing });
    } catch (error) {
      await closeAll(closing);
      throw error;
    }
  }

  async warmUp(seconds: number): Promise<void> {
    while (this.#asked < this.#count * warmMessages) {
      for (const name of loadNames) await this.measure(name, seconds, new Figures());
    }
  }

  async measure(name: LoadName, seconds: number, figures: Figures): Promise<void> {
    const label = at(name, this.#count);
    const load = {
      callers: processLoads[name](this.#count),
      durationMs: seconds * 1000,
      keyOf: keyDrawer(keys),
    };
    const before = processorTimes(this.#trees);
    const { messages, perSecond, p50Ms, p99Ms } = await loadWithAsks(this.#variant, load);
    addProcessorTimes(figures, label, usedBetween(before, processorTimes(this.#trees)), messages);
    figures.add(`${label}: per s`, perSecond);
    figures.add(`${label}: p50 ms`, p50Ms);
    figures.add(`${label}: p99 ms`, p99Ms);
    this.#asked += messages;
  }

  /** Holds what is stored against what was answered. */
  async audit(): Promise<void> {
    const total = await this.#sum();
    if (total === this.#asked) return;
    throw new Error(`lost or doubled: ${this.#asked} asks were answered, and their sum is ${total}`);
  }

  close(): Promise<void> {
    return closeAll(this.#closing);
  }
}

/** What `npm start` gives Node. */
function optionsOfStart(): string[] {
  const manifest = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  const { scripts } = JSON.parse(manifest) as { scripts: { start: string } };
  const options = / node (--.+) dist\//.exec(scripts.start)?.[1];
  if (options === undefined) throw new Error(`no options of Node in ${scripts.start}`);
  return options.split(' ');
}

async function closeAll(closing: readonly (() => Promise<void>)[]): Promise<void> {
  for (const close of closing.toReversed()) await close();
}
