import { deadLetters, type DeadLetters } from '../inspect/dead-letters.ts';
import type { Inspection } from '../inspect/inspection.ts';
import { parkedActors, type ParkedActors } from '../inspect/parked-actors.ts';
import type { ActorContract, MessageSpecs } from '../define/contract.ts';
import type { ClientInterceptor, NodeInterceptor } from '../define/interceptor.ts';
import type { ActorRef, ActorRefs } from '../define/ref.ts';
import type { HostedActor } from '../kernel/stored-actor.ts';
import type { KernelLimits } from '../kernel/kernel.ts';
import type { MemoryMailbox } from '../mailbox/memory-mailbox.ts';
import type { NodeObserver } from '../kernel/node-observer.ts';
import { silentLogger, type Logger } from '../observe/logger.ts';
import { Driver } from './driver.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryServers, type Interposed } from './memory-servers.ts';
import { Network } from './network.ts';
import { createSeededRandom } from './seeded-random.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { TestClient } from './test-client.ts';
import { testInspection } from './test-inspection.ts';
import { TestNode, type NodeContext } from './test-node.ts';

export interface TestClusterOptions {
  /** What each node hosts, or how to make it for one. Its stores are shared by all nodes, as a database is. */
  readonly actors: readonly HostedActor[] | ((context: NodeContext) => readonly HostedActor[]);
  /** Nodes to begin with. Default 1. */
  readonly nodes?: number;
  /** Decides the order of all that may happen in more than one. The same seed gives the same run. Default 1. */
  readonly seed?: number;
  /**
   * `auto` (default): time passes by itself while somebody waits for an ask, a tell or `settled`, and only when
   * nothing else can happen. `manual`: time and messages move with `advance` and `runUntilIdle` alone.
   */
  readonly time?: 'auto' | 'manual';
  /** To be shared with what runs beside the cluster. */
  readonly clock?: FakeClock;
  /** The longest that a message or a call is on its way, one way; how long it takes is up to the seed. Default 0. */
  readonly latencyMs?: number;
  readonly shards?: number;
  readonly leaseMs?: number;
  readonly heartbeatMs?: number;
  readonly limits?: Partial<KernelLimits>;
  readonly mailboxLimit?: number;
  readonly logger?: Logger;
  /** Hears what happens on every node. */
  readonly observer?: NodeObserver;
  /** Those of every client, and of every node. */
  readonly interceptors?: {
    readonly client?: readonly ClientInterceptor[];
    readonly node?: readonly NodeInterceptor[];
  };
  /** @internal */
  readonly interposed?: Interposed;
}

/** A cluster in this process: nodes, clients and servers in memory, on a clock and a network that a test owns. */
export interface TestCluster extends AsyncDisposable {
  /** Asks from a client of its own. */
  readonly refs: ActorRefs;
  ref<M extends MessageSpecs>(contract: ActorContract<M>, key: string): ActorRef<M>;
  readonly clock: FakeClock;
  /** Where a test loses, doubles and orders what is on its way. */
  readonly network: Network;
  /** Nodes that were started and did not crash or stop. */
  readonly nodes: readonly TestNode[];
  /**
   * What lies in the mailboxes.
   * @internal
   */
  readonly mailbox: Pick<MemoryMailbox, 'residents' | 'ready' | 'send'>;
  /** Actors that stopped at a message which failed for good. */
  readonly parked: ParkedActors;
  /** Messages that failed for good. */
  readonly deadLetters: DeadLetters;
  /** What operators see of it. */
  readonly inspection: Inspection;
  startNode(): TestNode;
  openClient(): TestClient;
  /** The first node dies between two instructions, and another one starts. */
  crash(): void;
  /** Lets `ms` pass, with all that happens meanwhile. */
  advance(ms: number): Promise<void>;
  /** Lets everything happen that needs no time. */
  runUntilIdle(): Promise<void>;
  /** Lets time pass until `promise` settles. */
  settled<T>(promise: Promise<T>): Promise<T>;
  /** Nothing runs any more. */
  close(): Promise<void>;
}

/**
 * Starts a cluster without servers: the same kernel, leases and rules, in milliseconds, repeatable by its seed.
 *
 * @example
 * const cluster = createTestCluster({ actors: [{ actor: counter, store: new MemoryStateStore() }], nodes: 2 });
 * const asked = cluster.refs.ref(Counter, 'a').ask('Add', { by: 1 });
 * cluster.nodes[0]?.crash();
 * expect(await asked).to.deep.equal({ total: 1 });
 */
export function createTestCluster(options: TestClusterOptions): TestCluster {
  const { actors, clock = new FakeClock(), time = 'auto', shards = 4, latencyMs = 0 } = options;
  const random = createSeededRandom(options.seed ?? 1);
  const network = new Network({ clock, random, latencyMs });
  const servers = new MemoryServers(clock, shards, options.mailboxLimit, options.interposed ?? {});
  const driver = new Driver(clock, network);
  clock.settleWith(() => network.runUntilIdle());
  if (time === 'auto') network.onSent = () => driver.wake();

  const counts = new Map<string, number>();
  const name = (kind: string) => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return `${kind}-${count}`;
  };
  const shared = {
    clock,
    servers,
    network,
    shards,
    leaseMs: options.leaseMs ?? 3_000,
    logger: options.logger ?? silentLogger,
    random,
    newId: () => name('id'),
    wait: <T>(promise: Promise<T>) => (time === 'auto' ? driver.waitFor(promise) : promise),
  };
  const processes: SimulatedProcess[] = [];
  const openClient = () => {
    const opened = new TestClient(name('client'), shared, options.interceptors?.client ?? []);
    processes.push(opened);
    return opened;
  };
  const startNode = () => {
    const node = new TestNode(name('node'), shared, {
      actors: typeof actors === 'function' ? actors : () => actors,
      limits: options.limits ?? {},
      observer: options.observer ?? {},
      interceptors: options.interceptors?.node ?? [],
      heartbeatMs: options.heartbeatMs ?? 500,
    });
    processes.push(node);
    return node;
  };
  const client = openClient();
  const close = async () => {
    for (const process of processes) process.crash();
  };
  for (let i = 0; i < (options.nodes ?? 1); i++) startNode();

  return {
    refs: client.refs,
    clock,
    network,
    get nodes() {
      return nodesOf(processes);
    },
    mailbox: servers.memoryMailbox,
    parked: parkedActors(servers.memoryMailbox.admin, shards),
    deadLetters: deadLetters({ ...shared, admin: servers.memoryMailbox.admin }),
    inspection: testInspection(shared, () => nodesOf(processes)),
    startNode,
    openClient,
    crash() {
      nodesOf(processes)[0]?.crash();
      startNode();
    },
    advance: (ms) => clock.advance(ms),
    runUntilIdle: () => clock.runUntilIdle(),
    settled: (promise) => driver.waitFor(promise),
    ref: (contract, key) => client.refs.ref(contract, key),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const nodesOf = (processes: readonly SimulatedProcess[]): TestNode[] =>
  processes.filter((process): process is TestNode => process instanceof TestNode && process.state !== 'dead');
