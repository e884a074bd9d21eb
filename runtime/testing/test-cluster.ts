import { ClusterClient } from '../cluster/client.ts';
import { systemClock, type Clock } from '../define/clock.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { HostedActor } from '../kernel/activation.ts';
import { ActorNode } from '../kernel/actor-node.ts';
import type { KernelLimits } from '../kernel/kernel.ts';
import { MemoryMailbox } from '../mailbox/memory-mailbox.ts';
import { silentLogger, type Logger } from '../observe/logger.ts';
import { MemoryReplies } from './memory-replies.ts';

export interface TestClusterOptions {
  readonly actors: readonly HostedActor[];
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly limits?: Partial<KernelLimits>;
  readonly mailboxLimit?: number;
}

export interface TestCluster {
  readonly refs: ActorRefs;
  readonly mailbox: MemoryMailbox;
  /**
   * The node dies between two instructions: nothing it does from now on is accepted, and a new one takes over
   * with nothing but what was stored and queued.
   */
  crash(): void;
  close(): Promise<void>;
}

const shards = 4;

/** One node with its mailboxes in memory; the same kernel and the same rules, without servers. */
export function createTestCluster(options: TestClusterOptions): TestCluster {
  const { clock = systemClock, logger = silentLogger, limits = {} } = options;
  const mailbox = new MemoryMailbox(options.mailboxLimit);
  const replies = new MemoryReplies();
  let ids = 0;
  const newId = () => `id-${++ids}`;
  const inbox = replies.open('inbox');
  const client = new ClusterClient({ mailbox, inbox, clock, newId, shards });

  let epoch = 0;
  let kill: () => void = () => undefined;
  let node: ActorNode;
  const startNode = () => {
    let alive = true;
    kill = () => {
      alive = false;
    };
    const token = `node#${++epoch}`;
    node = new ActorNode({ ...options, mailbox, replies, clock, logger, limits, newId, random: () => 0.5 });
    for (let shard = 0; shard < shards; shard++) {
      const lease = { shard, token, isHeld: () => alive };
      mailbox.grant(lease);
      node.acquired(lease);
    }
  };
  startNode();

  return {
    refs: client,
    mailbox,
    crash() {
      kill();
      void node.close();
      startNode();
    },
    close: () => node.close(),
  };
}
