import type { Replies } from '../mailbox/replies.ts';
import type { AnyActor } from '../define/actor.ts';
import { pause, type Clock } from '../define/clock.ts';
import { ActorError } from '../define/errors.ts';
import { chained, type NodeInterceptor } from '../define/interceptor.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import {
  ParkedError,
  type InlinedMessage,
  type Mailbox,
  type MailboxWatch,
  type ShardLease,
} from '../mailbox/mailbox.ts';
import type { NearActors, NearAsk } from '../mailbox/near-ask.ts';
import type { Logger } from '../observe/logger.ts';
import { guarded, type NodeObserver } from './node-observer.ts';
import { levelOfRetry } from '../observe/reason.ts';
import { Activation } from './activation.ts';
import { viewOfStored, type ActorView } from './actor-view.ts';
import type { Failure } from './apply-turn.ts';
import { defaultLimits, type Kernel, type KernelLimits } from './kernel.ts';
import { Deadlines } from '../flow/deadlines.ts';
import { Limiter } from '../flow/limiter.ts';
import { Recovery } from './recovery.ts';
import { refuseAll } from './refuse.ts';
import type { ShardEvents } from './shard-events.ts';
import type { HostedActor } from './stored-actor.ts';

export interface ActorNodeOptions {
  readonly actors: readonly HostedActor[];
  readonly mailbox: Mailbox;
  readonly replies: Replies;
  /** What effects reach other actors by. */
  readonly refs: ActorRefs;
  /** Slices of all keys; the same in every process of a cluster. */
  readonly shards: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly random: () => number;
  /** The part of the process's memory that is in use, 0 to 1. Default: not looked at. */
  readonly memoryInUse?: () => number;
  readonly observers?: readonly NodeObserver[];
  readonly interceptors?: readonly NodeInterceptor[];
  readonly limits?: Partial<KernelLimits>;
}

/** The part of the process's memory above which actors that are idle leave early. */
const memoryLimit = 0.85;

interface HeldShard {
  readonly lease: ShardLease;
  readonly activations: Map<string, Activation>;
}

/** Hosts the actors of the shards that this process holds. */
export class ActorNode implements ShardEvents, NearActors {
  readonly #kernel: Kernel;
  readonly #actors: ReadonlyMap<string, HostedActor>;
  readonly #shards = new Map<number, HeldShard>();
  readonly #watch: MailboxWatch;
  readonly #recovery: Recovery;
  readonly #closing = new AbortController();
  readonly #loops: Promise<void>[];

  constructor(options: ActorNodeOptions) {
    const limits = { ...defaultLimits, ...options.limits };
    this.#actors = new Map(options.actors.map((hosted) => [hosted.actor.contract.type, hosted]));
    const { interceptors = [] } = options;
    this.#kernel = {
      memoryInUse: () => 0,
      ...options,
      observer: guarded(options.observers ?? [], options.logger),
      interceptHandle: chained(interceptors.map((one) => one.handle?.bind(one))),
      interceptOutcome: chained(interceptors.map((one) => one.outcome?.bind(one))),
      interceptRead: chained(interceptors.map((one) => one.read?.bind(one))),
      interceptEffect: chained(interceptors.map((one) => one.effect?.bind(one))),
      limits,
      turnDeadlines: new Deadlines(options.clock, limits.turnTimeoutMs),
      postponedWrites: new Deadlines(options.clock, limits.postponeMs),
      turnLimiter: new Limiter(limits.maxTurns),
      effectLimiter: new Limiter(limits.maxEffects),
      quarantineLimiter: new Limiter(1),
    };
    this.#recovery = new Recovery({
      kernel: this.#kernel,
      types: [...this.#actors.keys()],
      shards: options.shards,
      isAsleep: ({ shard, id }) => this.#shards.get(shard)?.activations.has(id) === false,
      wake: (address) => this.#wake(address),
    });
    this.#watch = options.mailbox.watch((address, inlined) => this.#wake(address, inlined));
    this.#loops = [
      this.#every(limits.sweepMs, () => this.#sweepAll()),
      this.#every(limits.sweepMs, () => this.#passivate()),
      ...options.actors.map((hosted) => this.#every(limits.recoverMs, () => this.#recovery.recover(hosted))),
    ];
  }

  /** Actors in memory. */
  get activations(): number {
    let count = 0;
    for (const { activations } of this.#shards.values()) count += activations.size;
    return count;
  }

  take(to: ActorAddress, ask: () => NearAsk): boolean {
    const held = this.#shards.get(to.shard);
    const hosted = this.#actors.get(to.type);
    if (held === undefined || hosted === undefined || !held.lease.isHeld()) return false;
    const activation = held.activations.get(to.id) ?? this.#activate(hosted, to, held);
    return activation.take(ask);
  }

  /** Whether the actor is this node's now. */
  holds({ shard, type }: ActorAddress): boolean {
    return this.#actors.has(type) && this.#shards.get(shard)?.lease.isHeld() === true;
  }

  /** What this node hosts. */
  get hosted(): readonly AnyActor[] {
    return [...this.#actors.values()].map(({ actor }) => actor);
  }

  /**
   * Looks at an actor, and leaves it where it is.
   * @throws ActorError `unavailable` when another node has its shard, `unknown_actor`
   */
  async inspect(address: ActorAddress): Promise<ActorView> {
    const { held, hosted } = this.#placeOf(address);
    const view = held.activations.get(address.id)?.view();
    if (view?.stored !== undefined) return { ...view, problem: undefined };
    const stored = await viewOfStored(this.#kernel, hosted, address);
    const { activation, outcomes = new Map<string, Failure>() } = view ?? {};
    return { activation, outcomes, isUnwritten: false, ...stored };
  }

  /**
   * Has an actor leave memory after the turn under way; what it has still to do brings it back. Returns whether it was
   * there.
   * @throws ActorError `unavailable` when another node has its shard, `unknown_actor`
   */
  async passivate(address: ActorAddress): Promise<boolean> {
    const { held } = this.#placeOf(address);
    const activation = held.activations.get(address.id);
    if (activation === undefined) return false;
    await activation.end();
    this.#forget(activation, 'forced');
    // What came for it meanwhile found it leaving.
    await this.#sweep(address.shard);
    return true;
  }

  #placeOf({ type, shard }: ActorAddress): { readonly held: HeldShard; readonly hosted: HostedActor } {
    const held = this.#shards.get(shard);
    if (held?.lease.isHeld() !== true)
      throw new ActorError('unavailable', `shard ${shard} is another node's by now`, { details: { shard } });
    const hosted = this.#actors.get(type);
    if (hosted === undefined) throw new ActorError('unknown_actor', `no actor type '${type}' is hosted here`);
    return { held, hosted };
  }

  acquired(lease: ShardLease): void {
    this.#shards.set(lease.shard, { lease, activations: new Map() });
    this.#watch.add(lease.shard);
    this.#recovery.lookAhead();
    this.#kernel.observer.shardAcquired?.(lease.shard);
    this.#sweep(lease.shard).catch((error: unknown) => this.#lookFailed(error));
  }

  async handOver(lease: ShardLease): Promise<void> {
    await this.#leave(lease, 'handed over');
  }

  lost(lease: ShardLease): void {
    void this.#leave(lease, 'lost');
  }

  /** Ends the turns under way. The shards are given back by who holds their leases. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watch.close();
    await Promise.all([...this.#shards.values()].map(({ lease }) => this.#leave(lease, 'handed over')));
    await Promise.all(this.#loops);
  }

  async #leave(lease: ShardLease, why: 'handed over' | 'lost'): Promise<void> {
    const held = this.#shards.get(lease.shard);
    if (held?.lease !== lease) return;
    const { observer } = this.#kernel;
    this.#shards.delete(lease.shard);
    this.#watch.remove(lease.shard);
    await Promise.all(
      [...held.activations.values()].map(async (activation) => {
        await activation.end();
        observer.passivated?.(activation.address, 'shard left');
      }),
    );
    observer.shardLeft?.(lease.shard, why);
  }

  #wake(address: ActorAddress, inlined?: InlinedMessage): void {
    const held = this.#shards.get(address.shard);
    if (held === undefined) return;
    const known = held.activations.get(address.id);
    if (known !== undefined) return known.wake(inlined);
    const hosted = this.#actors.get(address.type);
    if (hosted === undefined) {
      refuseAll(this.#kernel, address, held.lease).catch((error: unknown) => {
        if (!(error instanceof ParkedError)) this.#lookFailed(error);
      });
      return;
    }
    this.#activate(hosted, address, held).wake(inlined);
  }

  #activate(hosted: HostedActor, address: ActorAddress, { lease, activations }: HeldShard): Activation {
    const activation = new Activation(this.#kernel, hosted, address, lease, (ended) => {
      this.#forget(ended, 'failed');
    });
    activations.set(address.id, activation);
    this.#kernel.observer.activated?.(address);
    return activation;
  }

  async #sweepAll(): Promise<void> {
    this.#recovery.noticeSetBack();
    await Promise.all([...this.#shards.keys()].map((shard) => this.#sweep(shard)));
  }

  async #sweep(shard: number): Promise<void> {
    for (const address of await this.#kernel.mailbox.ready(shard)) this.#wake(address);
  }

  /** Lets go of what is idle for long; when memory or places run short, also of what is idle longest. */
  #passivate(): Promise<void> {
    const { maxActivations } = this.#kernel.limits;
    let idle = 0;
    for (const { activations } of this.#shards.values()) {
      for (const activation of activations.values()) {
        if (activation.isIdleTooLong) this.#end(activation, 'idle');
        else if (activation.idleMs() > 0) idle++;
      }
    }
    const pressed = this.#kernel.memoryInUse() > memoryLimit ? idle / 4 : 0;
    const surplus = Math.ceil(Math.max(pressed, this.activations - maxActivations));
    if (surplus > 0) for (const activation of this.#idleLongest(surplus)) this.#end(activation, 'memory');
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

  #end(activation: Activation, why: 'idle' | 'memory'): void {
    this.#forget(activation, why);
    void activation.end();
  }

  #forget(activation: Activation, why: 'idle' | 'memory' | 'failed' | 'forced'): void {
    const { address } = activation;
    const held = this.#shards.get(address.shard);
    if (held?.activations.get(address.id) !== activation) return;
    held.activations.delete(address.id);
    this.#kernel.observer.passivated?.(address, why);
  }

  async #every(intervalMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#closing;
    const interval = () => pause(this.#kernel.clock, intervalMs, signal);
    for (await interval(); !signal.aborted; await interval()) {
      await work().catch((error: unknown) => this.#lookFailed(error));
    }
  }

  #lookFailed(error: unknown): void {
    const { logger } = this.#kernel;
    logger[levelOfRetry(error)]({ err: error }, 'the mailboxes or a store could not be looked through');
  }
}
