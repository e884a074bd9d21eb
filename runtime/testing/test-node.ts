import { NearReplies } from '../cluster/near-replies.ts';
import { ShardKeeper } from '../cluster/shard-keeper.ts';
import { pause } from '../define/clock.ts';
import type { NodeInterceptor } from '../define/interceptor.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { HostedActor } from '../kernel/stored-actor.ts';
import { ActorNode } from '../kernel/actor-node.ts';
import type { KernelLimits } from '../kernel/kernel.ts';
import type { NodeObserver } from '../kernel/node-observer.ts';
import { linkMailbox, linkRegistry, linkReplies, linkStore } from './linked-ports.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { openRefs, waitingRefs, type Surroundings } from './test-client.ts';

/** What the actors of one node may use. */
export interface NodeContext {
  /** Asks other actors from this node, and ends with it; for effects. */
  readonly refs: ActorRefs;
  readonly node: string;
}

export interface TestNodeOptions {
  readonly actors: (context: NodeContext) => readonly HostedActor[];
  readonly limits: Partial<KernelLimits>;
  readonly observer: NodeObserver;
  readonly interceptors: readonly NodeInterceptor[];
  readonly heartbeatMs: number;
}

/** A process that hosts actors, composed as `openClusterNode` composes one on Redis. */
export class TestNode extends SimulatedProcess {
  /** Asks from this node's own process. */
  readonly refs: ActorRefs;
  readonly #keeper: ShardKeeper;
  readonly #node: ActorNode;
  readonly #wait: Surroundings['wait'];
  readonly #started: Promise<void>;

  /** @internal */
  constructor(name: string, surroundings: Surroundings, options: TestNodeOptions) {
    super(name, surroundings.clock, surroundings.network);
    this.#wait = surroundings.wait;
    const { clock } = this;
    const link = { ...surroundings, process: this };
    const refs = openRefs(this, surroundings);
    this.refs = waitingRefs(refs, surroundings);
    const hosted = options.actors({ refs, node: name });
    this.#node = new ActorNode({
      ...surroundings,
      ...options,
      clock,
      refs,
      actors: hosted.map(({ actor, store }) => ({ actor, store: linkStore(link, store) })),
      mailbox: linkMailbox(link),
      replies: new NearReplies(refs, linkReplies(link)),
    });
    refs.attach(this.#node);
    this.#keeper = new ShardKeeper({
      ...surroundings,
      ...options,
      clock,
      node: name,
      registry: linkRegistry(link),
      events: this.#node,
    });
    this.#started = this.#start(options.heartbeatMs);
  }

  /** Shards that it holds, as far as it knows. */
  get shards(): number {
    return this.#keeper.held;
  }

  /** Actors in its memory. */
  get activations(): number {
    return this.#node.activations;
  }

  /** Leaves as under SIGTERM: ends the turns under way, hands its shards over. */
  stop(): Promise<void> {
    return this.#wait(this.#stop());
  }

  async #stop(): Promise<void> {
    await this.#started;
    await this.#keeper.stop();
    await this.#node.close();
    this.crash();
  }

  /** As whoever supervises processes does: again, until the servers can be reached. */
  async #start(heartbeatMs: number): Promise<void> {
    for (;;) {
      try {
        return await this.#keeper.start();
      } catch {
        await pause(this.clock, heartbeatMs);
      }
    }
  }
}
