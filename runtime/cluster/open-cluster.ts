import type { Cancel, Clock } from '../define/clock.ts';
import type { ActorContract, MessageSpecs } from '../define/contract.ts';
import type { ClientInterceptor, NodeInterceptor } from '../define/interceptor.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { HostedActor } from '../kernel/stored-actor.ts';
import { ActorNode } from '../kernel/actor-node.ts';
import type { KernelLimits } from '../kernel/kernel.ts';
import { addressOf } from '../mailbox/address.ts';
import type { MailboxAdmin, MailboxLoad } from '../mailbox/mailbox-admin.ts';
import { BullMqMailboxAdmin } from '../mailbox/bullmq-mailbox-admin.ts';
import { BullMqMailbox } from '../mailbox/bullmq-mailbox.ts';
import { BullMqMailboxView } from '../mailbox/bullmq-mailbox-view.ts';
import type { Logger } from '../observe/logger.ts';
import type { NodeObserver } from '../kernel/node-observer.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { ClusterClient } from './client.ts';
import { deadLetters, type DeadLetters } from '../inspect/dead-letters.ts';
import { inspection, type Inspection } from '../inspect/inspection.ts';
import { NodeMeter } from '../inspect/node-meter.ts';
import { openNodeDesk } from '../inspect/node-desk.ts';
import { parkedActors, type ParkedActors } from '../inspect/parked-actors.ts';
import { RedisNodeBoard } from '../inspect/redis-node-board.ts';
import { RedisQuestions } from '../inspect/redis-questions.ts';
import { NearReplies } from './near-replies.ts';
import type { LinkPort } from './node-link.ts';
import { RedisInbox } from './redis-inbox.ts';
import { RedisReplies } from './redis-replies.ts';
import { RedisShardRegistry } from './redis-shard-registry.ts';
import { ShardKeeper } from './shard-keeper.ts';

export interface ClusterOptions {
  /** A connection that commands share; the readers open their own beside it. */
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Parts clusters that share a Redis from each other. Default `actors`. */
  readonly namespace?: string;
  /** Slices of all keys; the same in every process of a cluster. Default 64. */
  readonly shards?: number;
  /** Messages that may wait for one actor. Default 1000. */
  readonly mailboxLimit?: number;
  /** How long the shards of a dead node stay its own; the same in every process of a cluster. Default 3000. */
  readonly leaseMs?: number;
}

export interface ClientOptions extends ClusterOptions {
  /** Stand around what this process asks and tells, the first outermost. */
  readonly interceptors?: readonly ClientInterceptor[];
}

const withDefaults = <O extends ClusterOptions>(options: O) => ({
  namespace: 'actors',
  shards: 64,
  mailboxLimit: 1_000,
  leaseMs: 3_000,
  ...options,
});

export interface Client extends Inspection, AsyncDisposable {
  readonly refs: ActorRefs;
  /**
   * Asks go to the process at the other end from now on, which hosts actors, and spare them the trip through their
   * mailboxes as its own asks do. What it does not host it sends on.
   */
  linkToNode(port: LinkPort): void;
  /** The other end of it: passes on what that process asks, until the function that it returns is called. */
  linkToAsker(port: LinkPort): () => void;
  readonly parked: ParkedActors;
  readonly deadLetters: DeadLetters;
  /** Actor types that the nodes host. */
  hostedTypes(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/**
 * Looks whether this release knows the format of the keys in Redis.
 * @throws ActorError `unavailable` when it is newer
 */
export const checkKeyFormat = (options: ClusterOptions): Promise<void> =>
  new RedisShardRegistry(withDefaults(options)).checkFormat();

/** Reaches the actors of a cluster from this process. */
export function openClusterClient(options: ClientOptions): Client {
  const all = withDefaults(options);
  const inbox = new RedisInbox({ ...all, process: all.newId() });
  const mailbox = new BullMqMailbox(all);
  const registry = new RedisShardRegistry(all);
  const refs = new ClusterClient({ ...all, mailbox, inbox, registry });
  const admin = new BullMqMailboxAdmin(all);
  const close = () => {
    refs.close();
    return inbox.close();
  };
  return {
    refs,
    linkToNode: (port) => refs.linkToNode(port),
    linkToAsker: (port) => refs.linkToAsker(port),
    parked: parkedActors(admin, all.shards),
    deadLetters: deadLetters({ ...all, admin }),
    ...inspection({
      ...all,
      inbox,
      view: new BullMqMailboxView(all),
      board: new RedisNodeBoard(all),
      holders: registry,
      questions: new RedisQuestions(all),
    }),
    hostedTypes: () => registry.hostedTypes(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What a node may be told beside its actors. */
export interface NodeOptions {
  /** Of the program that hosts the actors; for who looks at the nodes. */
  readonly version?: string;
  /** The part of the process's memory that is in use, 0 to 1; near the end, idle actors leave early. */
  readonly memoryInUse?: () => number;
  /** Hears what happens on this node; for metrics. */
  readonly observer?: NodeObserver;
  /** Stand around what the actors of this node do, the first outermost. */
  readonly interceptors?: readonly NodeInterceptor[];
  readonly limits?: Partial<KernelLimits>;
  /** How often leases and membership are renewed. Default 500. */
  readonly heartbeatMs?: number;
  /**
   * For how long its own process asks this node through Redis, too. A message that takes its process down, time and
   * again, is counted there and set aside. 0 where the last end is known to have been in order. Default 60000.
   */
  readonly nearAsksAfterMs?: number;
}

export interface ClusterNodeOptions extends ClusterOptions, NodeOptions {
  readonly actors: readonly HostedActor[];
  /** What effects reach other actors by. Default: a client of the node's own, opened with the first such effect. */
  readonly refs?: ActorRefs;
  readonly random: () => number;
}

export interface ClusterNode extends AsyncDisposable {
  readonly name: string;
  /** Shards that this node holds. */
  readonly shards: number;
  /** Actors in its memory. */
  readonly activations: number;
  /** Whether it takes part: it reached Redis within the time of a lease, and is not leaving. */
  readonly isReady: boolean;
  /** Whether the actor of this key is this node's now: nobody else writes it meanwhile. */
  holds<M extends MessageSpecs>(contract: ActorContract<M>, key: string): boolean;
  /** What waits in the mailboxes of its shards, of each of these as far as its first hundred actors go; all parked actors. */
  mailboxes(): Promise<MailboxLoad>;
  /** Hands all shards over, ends the turns under way, leaves the cluster. */
  close(): Promise<void>;
}

function attachLater(
  refs: ClusterClient,
  node: ActorNode,
  { clock, nearAsksAfterMs }: { readonly clock: Clock; readonly nearAsksAfterMs: number },
): Cancel {
  if (nearAsksAfterMs > 0) return clock.schedule(nearAsksAfterMs, () => refs.attach(node));
  refs.attach(node);
  return () => undefined;
}

const actorsLookedAt = 100;

async function loadOf(admin: MailboxAdmin, shards: readonly number[]): Promise<MailboxLoad> {
  const loads = await Promise.all(shards.map((shard) => admin.load(shard, actorsLookedAt)));
  return {
    actors: loads.reduce((sum, { actors }) => sum + actors, 0),
    messages: loads.reduce((sum, { messages }) => sum + messages, 0),
    deepest: Math.max(0, ...loads.map(({ deepest }) => deepest)),
    parked: loads.reduce((sum, { parked }) => sum + parked, 0),
  };
}

/** Joins the cluster and hosts the actors of its share of the shards. */
export async function openClusterNode(options: ClusterNodeOptions): Promise<ClusterNode> {
  const all = { heartbeatMs: 500, nearAsksAfterMs: 60_000, ...withDefaults(options) };
  const name = all.newId();
  let own: Client | undefined;
  const ownClient = () => (own ??= openClusterClient({ ...all, interceptors: [] }));
  const replies = new RedisReplies(all.redis, all.clock, all.logger);
  const { refs } = options;
  const meter = new NodeMeter({ node: name, clock: all.clock });
  const { observer = {}, memoryInUse = () => 0 } = options;
  const node = new ActorNode({
    refs: { ref: (contract, key) => ownClient().refs.ref(contract, key) },
    ...all,
    observers: [meter.observer, observer],
    mailbox: new BullMqMailbox(all),
    replies: refs instanceof ClusterClient ? new NearReplies(refs, replies) : replies,
  });
  const stopAttaching = refs instanceof ClusterClient ? attachLater(refs, node, all) : () => undefined;
  const hosts = all.actors.map(({ actor }) => actor.contract.type);
  const registry = new RedisShardRegistry({ ...all, hosts });
  const admin = new BullMqMailboxAdmin(all);
  const keeper = new ShardKeeper({ ...all, node: name, registry, events: node });
  await keeper.start();
  const desk = openNodeDesk({
    ...all,
    ...{ node: name, actors: node, meter, replies, memoryInUse },
    refs: refs ?? { ref: (contract, key) => ownClient().refs.ref(contract, key) },
    held: () => keeper.held,
  });
  const leave = async () => {
    stopAttaching();
    try {
      await keeper.stop();
      await node.close();
    } finally {
      await Promise.all([desk.close(), own?.close()]);
    }
  };
  let closed: Promise<void> | undefined;
  const close = () => (closed ??= leave());
  return {
    name,
    get shards() {
      return keeper.held;
    },
    get activations() {
      return node.activations;
    },
    get isReady() {
      return keeper.isReady;
    },
    holds: ({ type }, key) => node.holds(addressOf(type, key, all.shards)),
    mailboxes: () => loadOf(admin, keeper.shards),
    close,
    [Symbol.asyncDispose]: close,
  };
}
