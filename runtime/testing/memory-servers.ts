import type { ShardRegistry } from '../cluster/shard-registry.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { MemoryMailbox } from '../mailbox/memory-mailbox.ts';
import { DeliveryWatermark } from '../mailbox/delivery-watermark.ts';
import type { FakeClock } from './fake-clock.ts';
import { MemoryNodeBoard } from './memory-node-board.ts';
import { MemoryQuestions } from './memory-questions.ts';
import { MemoryReplies } from './memory-replies.ts';
import { MemoryShardRegistry } from './memory-shard-registry.ts';

/** Puts something between the processes and a server, to watch it or to break it. */
export interface Interposed {
  readonly mailbox?: (mailbox: MemoryMailbox) => Mailbox;
  readonly registry?: (registry: ShardRegistry) => ShardRegistry;
  /** What a process knows of the wake-ups that it has heard. */
  readonly watermark?: () => Pick<DeliveryWatermark, 'claimed' | 'accept'>;
}

/** What Redis is to a cluster, in memory: mailboxes that accept the holder of a lease, leases, answers, what operators ask and see. */
export class MemoryServers {
  readonly memoryMailbox: MemoryMailbox;
  readonly mailbox: Mailbox;
  readonly registry: ShardRegistry;
  readonly replies = new MemoryReplies();
  readonly questions = new MemoryQuestions();
  readonly board: MemoryNodeBoard;
  readonly newWatermark: () => Pick<DeliveryWatermark, 'claimed' | 'accept'>;
  readonly #leases: MemoryShardRegistry;
  #lastWakeId = '0-0';

  constructor(clock: FakeClock, shards: number, mailboxLimit: number | undefined, interposed: Interposed) {
    this.#leases = new MemoryShardRegistry(clock);
    this.board = new MemoryNodeBoard(clock);
    this.memoryMailbox = new MemoryMailbox(clock, mailboxLimit);
    this.registry = interposed.registry?.(this.#leases) ?? this.#leases;
    this.mailbox = interposed.mailbox?.(this.memoryMailbox) ?? this.memoryMailbox;
    this.newWatermark = interposed.watermark ?? (() => new DeliveryWatermark());
    const tap = this.memoryMailbox.watch(
      (_, inlined) => (this.#lastWakeId = inlined?.wakeId ?? this.#lastWakeId),
    );
    for (let shard = 0; shard < shards; shard++) tap.add(shard);
  }

  /** The last wake-up that inlined a message. */
  get lastWakeId(): string {
    return this.#lastWakeId;
  }

  /** Before each call: leases run out by themselves, and the mailboxes must know whom they obey. */
  checkLease(shard: number): void {
    const token = this.#leases.token(shard);
    if (token === undefined) this.memoryMailbox.revoke(shard);
    else this.memoryMailbox.grant({ shard, token, isHeld: () => true });
  }
}
