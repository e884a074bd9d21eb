import type { ClusterClient } from '../cluster/client.ts';
import { NearReplies } from '../cluster/near-replies.ts';
import type { LinkPort } from '../cluster/node-link.ts';
import { ShardKeeper } from '../cluster/shard-keeper.ts';
import { pause } from '../define/clock.ts';
import { contractReport } from '../inspect/contract-report.ts';
import type { NodeBoard, NodePost } from '../inspect/node-board.ts';
import { NodeMeter } from '../inspect/node-meter.ts';
import type { NodeDetails } from '../inspect/node-report.ts';
import { QuestionDesk } from '../inspect/question-desk.ts';
import type { NodeInterceptor } from '../define/interceptor.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { HostedActor } from '../kernel/stored-actor.ts';
import { ActorNode } from '../kernel/actor-node.ts';
import type { KernelLimits } from '../kernel/kernel.ts';
import type { NodeObserver } from '../kernel/node-observer.ts';
import { linkMailbox, linkRegistry, linkReplies, linkStore, openLinkedQuestions } from './linked-ports.ts';
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
  readonly #client: ClusterClient;
  readonly #keeper: ShardKeeper;
  readonly #node: ActorNode;
  readonly #wait: Surroundings['wait'];
  readonly #board: NodeBoard;
  readonly #started: Promise<void>;
  readonly #meter: NodeMeter;
  readonly #startedAt: number;

  /** @internal */
  constructor(name: string, surroundings: Surroundings, options: TestNodeOptions) {
    super(name, surroundings.clock, surroundings.network);
    this.#wait = surroundings.wait;
    this.#board = surroundings.servers.board;
    const { clock } = this;
    const link = { ...surroundings, process: this };
    const refs = openRefs(this, surroundings);
    this.#client = refs;
    this.refs = waitingRefs(refs, surroundings);
    const hosted = options.actors({ refs, node: name });
    const replies = new NearReplies(refs, linkReplies(link));
    this.#meter = new NodeMeter({ node: name, clock });
    this.#startedAt = clock.now();
    this.#node = new ActorNode({
      ...surroundings,
      ...options,
      clock,
      refs,
      actors: hosted.map(({ actor, store }) => ({ actor, store: linkStore(link, store) })),
      mailbox: linkMailbox(link),
      replies,
      observers: [this.#meter.observer, options.observer],
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
    const actors = this.#node;
    const desk = new QuestionDesk({
      ...surroundings,
      node: name,
      actors,
      meter: this.#meter,
      refs,
      replies,
      clock,
    });
    openLinkedQuestions(link, (asked) => desk.take(asked));
    this.#started = this.#start(options.heartbeatMs);
  }

  /** @internal */
  linkToAsker(port: LinkPort): void {
    this.#client.linkToAsker(port);
  }

  /** Shards that it holds, as far as it knows. */
  get shards(): number {
    return this.#keeper.held;
  }

  /** Actors in its memory. */
  get activations(): number {
    return this.#node.activations;
  }

  /** @internal */
  post(): NodePost {
    const details: NodeDetails = {
      ...{ process: this.name, version: '', startedAt: this.#startedAt, lastSeenAt: this.clock.now() },
      shards: this.shards,
      ...this.#meter.take(),
      ...{ loopDelayMs: 0, memoryInUse: 0, residentBytes: 0 },
    };
    return { details, contracts: this.#node.hosted.map(contractReport), steps: this.#meter.takeSteps() };
  }

  /** Leaves as under SIGTERM: ends the turns under way, hands its shards over. */
  stop(): Promise<void> {
    return this.#wait(this.#stop());
  }

  async #stop(): Promise<void> {
    await this.#started;
    await this.#keeper.stop();
    await this.#node.close();
    await this.#board.remove(this.name, this.#meter.takeSteps());
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
