import type { Replies } from '../cluster/replies.ts';
import type { ShardEvents } from '../cluster/shard-keeper.ts';
import { pause, type Clock } from '../define/clock.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { CarriedMessage, Mailbox, MailboxWatch, ShardLease } from '../mailbox/mailbox.ts';
import type { Logger } from '../observe/logger.ts';
import { Activation, type HostedActor } from './activation.ts';
import { defaultLimits, type Kernel, type KernelLimits } from './kernel.ts';
import { Limiter } from './limiter.ts';
import { refuseAll } from './refuse.ts';

export interface ActorNodeOptions {
  readonly actors: readonly HostedActor[];
  readonly mailbox: Mailbox;
  readonly replies: Replies;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly random: () => number;
  /** The part of the process's memory that is in use, 0 to 1. Default: not looked at. */
  readonly memoryInUse?: () => number;
  readonly limits?: Partial<KernelLimits>;
}

/** The part of the process's memory above which actors that are idle leave early. */
const memoryLimit = 0.85;

interface HeldShard {
  readonly lease: ShardLease;
  readonly activations: Map<string, Activation>;
}

/** Hosts the actors of the shards that this process holds. */
export class ActorNode implements ShardEvents {
  readonly #kernel: Kernel;
  readonly #actors: ReadonlyMap<string, HostedActor>;
  readonly #shards = new Map<number, HeldShard>();
  readonly #watch: MailboxWatch;
  readonly #closing = new AbortController();
  readonly #loops: Promise<void>[];

  constructor(options: ActorNodeOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    this.#actors = new Map(options.actors.map((hosted) => [hosted.actor.contract.type, hosted]));
    this.#kernel = {
      memoryInUse: () => 0,
      ...options,
      limits,
      turnLimiter: new Limiter(limits.maxTurns),
      effectLimiter: new Limiter(limits.maxEffects),
    };
    this.#watch = options.mailbox.watch((address, carried) => this.#ring(address, carried));
    this.#loops = [
      this.#every(limits.sweepMs, () => this.#sweepAll()),
      this.#every(limits.sweepMs, () => this.#passivate()),
    ];
  }

  /** Actors in memory. */
  get activations(): number {
    let count = 0;
    for (const { activations } of this.#shards.values()) count += activations.size;
    return count;
  }

  acquired(lease: ShardLease): void {
    this.#shards.set(lease.shard, { lease, activations: new Map() });
    this.#watch.add(lease.shard);
    this.#sweep(lease.shard).catch((error: unknown) => this.#sweepFailed(error));
  }

  async handOver(lease: ShardLease): Promise<void> {
    await this.#leave(lease);
  }

  lost(lease: ShardLease): void {
    void this.#leave(lease);
  }

  /** Ends the turns under way. The shards are given back by who holds their leases. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watch.close();
    await Promise.all([...this.#shards.values()].map(({ lease }) => this.#leave(lease)));
    await Promise.all(this.#loops);
  }

  async #leave(lease: ShardLease): Promise<void> {
    const held = this.#shards.get(lease.shard);
    if (held?.lease !== lease) return;
    this.#shards.delete(lease.shard);
    this.#watch.remove(lease.shard);
    await Promise.all([...held.activations.values()].map((activation) => activation.end()));
  }

  #ring(address: ActorAddress, carried?: CarriedMessage): void {
    const held = this.#shards.get(address.shard);
    if (held === undefined) return;
    const known = held.activations.get(address.id);
    if (known !== undefined) return known.ring(carried);
    const hosted = this.#actors.get(address.type);
    if (hosted === undefined) {
      refuseAll(this.#kernel, address, held.lease).catch((error: unknown) => this.#sweepFailed(error));
      return;
    }
    const activation = new Activation(this.#kernel, hosted, address, held.lease, (ended) =>
      this.#forget(ended),
    );
    held.activations.set(address.id, activation);
    activation.ring(carried);
  }

  async #sweepAll(): Promise<void> {
    await Promise.all([...this.#shards.keys()].map((shard) => this.#sweep(shard)));
  }

  async #sweep(shard: number): Promise<void> {
    for (const address of await this.#kernel.mailbox.live(shard)) this.#ring(address);
  }

  /** Lets go of what is idle for long; when memory or places run short, also of what is idle longest. */
  #passivate(): Promise<void> {
    const { idleMs, maxActivations } = this.#kernel.limits;
    let idle = 0;
    for (const { activations } of this.#shards.values()) {
      for (const activation of activations.values()) {
        const ms = activation.idleMs();
        if (ms >= idleMs) this.#end(activation);
        else if (ms > 0) idle++;
      }
    }
    const pressed = this.#kernel.memoryInUse() > memoryLimit ? idle / 4 : 0;
    const surplus = Math.ceil(Math.max(pressed, this.activations - maxActivations));
    if (surplus > 0) for (const activation of this.#idleLongest(surplus)) this.#end(activation);
    return Promise.resolve();
  }

  /** Costs much with many actors, so it is asked for only when some have to go. */
  #idleLongest(count: number): Activation[] {
    return [...this.#shards.values()]
      .flatMap(({ activations }) => [...activations.values()])
      .map((activation) => ({ activation, ms: activation.idleMs() }))
      .filter(({ ms }) => ms > 0)
      .sort((one, other) => other.ms - one.ms)
      .slice(0, count)
      .map(({ activation }) => activation);
  }

  #end(activation: Activation): void {
    this.#forget(activation);
    void activation.end();
  }

  #forget(activation: Activation): void {
    const held = this.#shards.get(activation.address.shard);
    if (held?.activations.get(activation.address.id) === activation)
      held.activations.delete(activation.address.id);
  }

  async #every(intervalMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    const interval = () => pause(this.#kernel.clock, intervalMs, signal);
    for (await interval(); !signal.aborted; await interval()) {
      await work().catch((error: unknown) => this.#sweepFailed(error));
    }
  }

  #sweepFailed(error: unknown): void {
    this.#kernel.logger.warn({ err: error }, 'the live actors could not be looked through');
  }
}
