import type { Clock } from '../define/clock.ts';
import { codeOf } from '../define/errors.ts';
import type { NodeObserver } from '../kernel/node-observer.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import { parseAddress } from '../mailbox/address.ts';
import { reasonOf } from '../observe/reason.ts';
import { BusiestKeys } from './busiest-keys.ts';
import type { ShardStep } from './node-board.ts';
import type { NodeDetails, RecentFailure } from './node-report.ts';
import { Ring } from './ring.ts';

export interface NodeMeterOptions {
  readonly node: string;
  readonly clock: Clock;
}

/** What is told of a node by what has happened on it. */
export type Measured = Pick<
  NodeDetails,
  'activations' | 'turnsPerSecond' | 'messagesPerSecond' | 'retriesPerSecond' | 'busiestKeys' | 'failures'
>;

const busiestTold = 20;
const failuresTold = 10;
const failuresKept = 500;
const maxReasonChars = 300;
/** Steps that wait to be posted; of more, the oldest are forgotten. */
const maxSteps = 1_000;

interface KeptFailure {
  readonly actorId: string;
  readonly failure: RecentFailure;
}

/** Counts what happens on a node, and remembers what failed there last. What a turn costs is a counter. */
export class NodeMeter {
  readonly observer: NodeObserver;
  readonly #node: string;
  readonly #clock: Clock;
  readonly #busiest: BusiestKeys;
  readonly #activations = new Map<string, number>();
  readonly #failures = new Ring<KeptFailure>(failuresKept);
  /** Apart: a service that is away, or refuses much, would leave no room for the others. */
  readonly #effectFailures = new Ring<KeptFailure>(failuresKept);
  #steps: ShardStep[] = [];
  #turns = 0;
  #messages = 0;
  #retries = 0;
  #measuredAt: number;

  constructor({ node, clock }: NodeMeterOptions) {
    this.#node = node;
    this.#clock = clock;
    this.#measuredAt = clock.monotonic();
    this.#busiest = new BusiestKeys(this.#measuredAt);
    this.observer = {
      activated: ({ type }) => this.#inMemory(type, 1),
      passivated: ({ type }) => this.#inMemory(type, -1),
      turnEnded: ({ actor, messages, isRetried, error }) => {
        this.#turns++;
        this.#messages += messages;
        this.#busiest.add(actor.id);
        if (isRetried) this.#retries++;
        if (error !== undefined) this.#failed(actor, error, { what: 'turn' });
      },
      tryFailed: ({ actor, what, name, messageId, attempts, error }) =>
        this.#failed(actor, error, { what, name, attempts, ...(messageId !== undefined && { messageId }) }),
      effectEnded: ({ actor, effect: name, error }) => {
        if (error !== undefined) this.#failed(actor, error, { what: 'effect', name });
      },
      deadLettered: ({ actor, message: name, messageId, error }) =>
        this.#failed(actor, error, { what: 'dead letter', name, messageId }),
      parked: ({ actor, message: name, error }) =>
        this.#failed(actor, error, { what: 'parked', ...(name !== undefined && { name }) }),
      shardAcquired: (shard) => this.#step(shard, 'acquired'),
      shardLeft: (shard, why) => this.#step(shard, why === 'lost' ? 'lost' : 'released'),
    };
  }

  /** What has happened since it was taken last, as rates. */
  take(): Measured {
    const now = this.#clock.monotonic();
    const seconds = Math.max(now - this.#measuredAt, 1) / 1_000;
    const rate = (count: number) => round(count / seconds);
    const measured: Measured = {
      activations: Object.fromEntries(this.#activations),
      turnsPerSecond: rate(this.#turns),
      messagesPerSecond: rate(this.#messages),
      retriesPerSecond: rate(this.#retries),
      busiestKeys: this.#busiest.take(now, busiestTold).map(({ name, perSecond }) => {
        const { type, key } = parseAddress(name, 0);
        return { type, key, turnsPerSecond: round(perSecond) };
      }),
      failures: this.#failures
        .latest()
        .slice(0, failuresTold)
        .map(({ failure }) => failure),
    };
    this.#measuredAt = now;
    this.#turns = this.#messages = this.#retries = 0;
    return measured;
  }

  /** What came and went since it was taken last, the oldest first. */
  takeSteps(): readonly ShardStep[] {
    return this.#steps.splice(0);
  }

  /** It could not be posted. */
  putBack(steps: readonly ShardStep[]): void {
    this.#steps = [...steps, ...this.#steps].slice(-maxSteps);
  }

  /** What failed of one actor, the latest first. */
  failuresOf(actorId: string): readonly RecentFailure[] {
    return [...this.#failures.latest(), ...this.#effectFailures.latest()]
      .filter((kept) => kept.actorId === actorId)
      .map(({ failure }) => failure)
      .sort((one, other) => other.at - one.at);
  }

  #inMemory(type: string, change: number): void {
    const count = (this.#activations.get(type) ?? 0) + change;
    if (count === 0) this.#activations.delete(type);
    else this.#activations.set(type, count);
  }

  #failed(
    { id, type, key }: ActorAddress,
    error: unknown,
    about: Omit<RecentFailure, 'at' | 'type' | 'key' | 'code' | 'reason'>,
  ): void {
    const reason = reasonOf(error).slice(0, maxReasonChars);
    const failure = { at: this.#clock.now(), type, key, ...about, code: codeOf(error), reason };
    const ring = about.what === 'effect' ? this.#effectFailures : this.#failures;
    ring.add({ actorId: id, failure });
  }

  #step(shard: number, why: ShardStep['why']): void {
    this.#steps.push({ shard, node: this.#node, at: this.#clock.now(), why });
    if (this.#steps.length > maxSteps) this.#steps.shift();
  }
}

const round = (rate: number) => Math.round(rate * 100) / 100;
