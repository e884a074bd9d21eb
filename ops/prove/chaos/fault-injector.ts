import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterClients } from './cluster-clients.ts';
import type { Watched } from './cluster-messages.ts';
import type { ClusterNodes, NodeProcess } from './cluster-nodes.ts';
import type { FaultKind, PlannedFault } from './fault-plan.ts';
import type { RestartableRedis } from './restartable-redis.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface InjectedFault {
  readonly number: number;
  readonly kind: FaultKind;
  readonly target: string;
  /** Since the load began. */
  readonly atMs: number;
  /** What the clients saw around it; for the faults that nobody may notice. */
  watched?: Watched;
}

export interface FaultInjectorOptions {
  readonly nodes: ClusterNodes;
  readonly clients: ClusterClients;
  readonly redis: RestartableRedis;
  readonly random: SeededRandom;
  readonly messages: number;
  readonly leastNodes: number;
  readonly freezeMs: number;
  readonly leaseMs: number;
  /** After which a caller repeats what Redis forgot. */
  readonly askTimeoutMs: number;
  readonly gapMs: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const pollMs = 50;
/** How long after a hand-over the clients are still watched. */
const afterglowMs = 1_000;
/** The part of its rate that the load goes on with while it waits for an overdue fault. */
const overdueShare = 0.2;
const drainDeadlineMs = 20_000;

/** Does to a cluster what was planned, when the load has come to the planned point. */
export class FaultInjector {
  readonly injected: InjectedFault[] = [];
  /** What should not have come of a fault. */
  readonly problems: string[] = [];
  readonly #options: FaultInjectorOptions;
  readonly #underWay = new Set<Promise<void>>();
  #startedAt = 0;
  #disturbedUntil = 0;

  constructor(options: FaultInjectorOptions) {
    this.#options = options;
  }

  /** Resolves when all faults have happened and are over: every frozen node thawed, every replacement started. */
  async run(plan: readonly PlannedFault[]): Promise<void> {
    const { signal, clients, messages, gapMs } = this.#options;
    this.#startedAt = performance.now();
    let notBefore = 0;
    for (const { kind, at } of plan) {
      const isDue = () => clients.tally.acknowledged >= at * messages;
      while (!isDue() && !signal.aborted) await delay(pollMs);
      // The load must not be over before the fault comes.
      clients.pace(overdueShare);
      while (performance.now() < notBefore && !signal.aborted) await delay(pollMs);
      if (signal.aborted) break;
      notBefore = performance.now() + gapMs;
      await this.#inject(kind);
      clients.pace(1);
    }
    await this.#calm();
  }

  async #inject(kind: FaultKind): Promise<void> {
    switch (kind) {
      case 'kill':
        return this.#kill();
      case 'freeze':
        return this.#freeze();
      case 'drain':
        return this.#drain();
      case 'join':
        return this.#join();
      case 'redis':
        return this.#restartRedis();
      case 'flush':
        return this.#flush();
    }
  }

  async #kill(): Promise<void> {
    const { clients, leaseMs } = this.#options;
    const node = await this.#victim();
    if (node === undefined) return;
    const { number } = this.#note('kill', node.label, `kill -9 ${node.label}`);
    node.leaving = true;
    node.child.signal('SIGKILL');
    clients.lost(number, node.label);
    this.#disturbed(leaseMs);
    this.#later(() => this.#replace());
  }

  async #freeze(): Promise<void> {
    const { clients, freezeMs, say, signal } = this.#options;
    const node = await this.#victim();
    if (node === undefined) return;
    const { number } = this.#note('freeze', node.label, `SIGSTOP ${node.label} for ${freezeMs / 1000} s`);
    node.frozen = true;
    node.child.signal('SIGSTOP');
    clients.lost(number, node.label);
    this.#later(async () => {
      await delay(freezeMs, undefined, { signal }).catch(() => undefined);
      node.child.signal('SIGCONT');
      node.frozen = false;
      say(`SIGCONT ${node.label}`);
      this.#disturbed(0);
    });
  }

  async #drain(): Promise<void> {
    // A hand-over that nobody notices is only promised where nothing else goes wrong.
    await this.#calm();
    const { clients, signal } = this.#options;
    const node = await this.#victim();
    if (node === undefined) return;
    const fault = this.#note('drain', node.label, `SIGTERM ${node.label}`);
    clients.open(fault.number);
    node.leaving = true;
    const { code, signal: by } = await node.child.stop(drainDeadlineMs);
    if (code !== 0) this.problems.push(`${node.label} drained and ended with ${by ?? `code ${code ?? 0}`}`);
    await delay(afterglowMs);
    fault.watched = await clients.close(fault.number, signal);
    this.#later(() => this.#replace());
  }

  async #join(): Promise<void> {
    await this.#calm();
    const { clients, nodes, signal } = this.#options;
    const fault = this.#note('join', `node number ${nodes.all.length + 1}`, 'a node joins');
    clients.open(fault.number);
    const node = await nodes.start();
    while (node.shards === 0 && node.child.running && !signal.aborted) await delay(pollMs);
    await delay(afterglowMs);
    fault.watched = await clients.close(fault.number, signal);
  }

  async #restartRedis(): Promise<void> {
    const { redis, random, say, askTimeoutMs } = this.#options;
    this.#note('redis', 'Redis', 'kill -9 Redis, its last second lost');
    await redis.kill();
    this.#disturbed(askTimeoutMs);
    await delay(random.between(100, 1_000));
    await redis.startAgain();
    say('Redis is back');
  }

  async #flush(): Promise<void> {
    const { redis, askTimeoutMs } = this.#options;
    this.#note('flush', 'Redis', 'FLUSHALL');
    await redis.flush();
    this.#disturbed(askTimeoutMs);
  }

  async #replace(): Promise<void> {
    const { nodes, leastNodes, random, signal, say } = this.#options;
    await delay(random.between(0, 1_000));
    if (signal.aborted || nodes.all.filter(({ leaving }) => !leaving).length >= leastNodes) return;
    say(`${(await nodes.start()).label} is a member`);
  }

  /** A node whose loss leaves another one at work. */
  async #victim(): Promise<NodeProcess | undefined> {
    const { nodes, random, signal } = this.#options;
    const able = () => nodes.working.filter(({ shards }) => shards > 0);
    while (able().length < 2 && !signal.aborted) await delay(pollMs);
    return signal.aborted ? undefined : random.pick(able());
  }

  #note(kind: FaultKind, target: string, line: string): InjectedFault {
    const atMs = performance.now() - this.#startedAt;
    const fault: InjectedFault = { number: this.injected.length, kind, target, atMs };
    this.injected.push(fault);
    this.#options.say(line);
    return fault;
  }

  #later(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => void this.problems.push(String(error)))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #calm(): Promise<void> {
    const { signal } = this.#options;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    while (performance.now() < this.#disturbedUntil && !signal.aborted) await delay(pollMs);
  }

  /** What happened just now is felt by callers for so long, and a bit. */
  #disturbed(ms: number): void {
    this.#disturbedUntil = Math.max(this.#disturbedUntil, performance.now() + ms + 2_000);
  }
}
