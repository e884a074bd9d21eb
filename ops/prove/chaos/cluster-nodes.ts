import { join } from 'node:path';
import { startChild, type ScenarioChild } from './child-process.ts';
import type { ClusterScenarioOptions } from './cluster-options.ts';
import type { NodeOptions, NodeSays } from './cluster-messages.ts';

export interface ClusterServers {
  readonly redisUrl: string;
  readonly postgresUrl: string;
  /** For the logs of all processes. */
  readonly folder: string;
  readonly searchPath: string;
  /** Of each node's memory, the part that JavaScript may fill, in MB. Default: as Node chooses. */
  readonly heapMb?: number;
}

export interface NodeProcess {
  readonly label: string;
  readonly child: ScenarioChild<NodeSays, never>;
  shards: number;
  frozen: boolean;
  /** Its end is wanted, so it is no finding. */
  leaving: boolean;
}

const startDeadlineMs = 60_000;

/** The node processes of a cluster, under names that are never used again. */
export class ClusterNodes {
  readonly #servers: ClusterServers;
  readonly #options: ClusterScenarioOptions;
  readonly #nodes = new Set<NodeProcess>();
  readonly #onCrash: (node: NodeProcess, how: string) => void;
  #started = 0;

  constructor(
    servers: ClusterServers,
    options: ClusterScenarioOptions,
    onCrash: (node: NodeProcess, how: string) => void,
  ) {
    this.#servers = servers;
    this.#options = options;
    this.#onCrash = onCrash;
  }

  get all(): NodeProcess[] {
    return [...this.#nodes];
  }

  /** Those that do their work: neither frozen nor on their way out. */
  get working(): NodeProcess[] {
    return this.all.filter(({ frozen, leaving }) => !frozen && !leaving);
  }

  /** Resolves when the node is a member, which is before it has its share of the shards. */
  async start(): Promise<NodeProcess> {
    const { folder, searchPath, heapMb, redisUrl, postgresUrl } = this.#servers;
    const { shards, leaseMs } = this.#options;
    const label = `node-${++this.#started}`;
    const options: NodeOptions = { label, redisUrl, postgresUrl, shards, leaseMs };
    const logFile = join(folder, `${label}.log`);
    const child = startChild<NodeSays>({
      ...{ label, file: './cluster-node.ts', options, logFile, searchPath, heapMb },
    });
    const node: NodeProcess = { label, child, shards: 0, frozen: false, leaving: false };
    this.#nodes.add(node);
    let ready: () => void = () => undefined;
    const isReady = new Promise<void>((resolve) => (ready = resolve));
    child.onMessage((message) => {
      if (message.kind === 'ready') ready();
      else node.shards = message.shards;
    });
    const ended = child.ended.then(({ code, signal }) => {
      this.#nodes.delete(node);
      if (!node.leaving) this.#onCrash(node, `ended with ${signal ?? `code ${code ?? 0}`}`);
    });
    const late = setTimeout(() => child.signal('SIGKILL'), startDeadlineMs);
    await Promise.race([isReady, ended]);
    clearTimeout(late);
    return node;
  }

  /** Ends every node, by its process id; returns those that did not end calmly. */
  async stopAll(deadlineMs: number): Promise<string[]> {
    const endings = await Promise.all(
      this.all.map(async (node) => {
        node.leaving = true;
        const { code, signal } = await node.child.stop(deadlineMs);
        return code === 0 ? [] : [`${node.label} ended with ${signal ?? `code ${code ?? 0}`}`];
      }),
    );
    return endings.flat();
  }
}
