import type { ActorAddress } from '../mailbox/address.ts';
import type { InlinedMessage, Delivery, Ack, ClaimRequest, ShardLease } from '../mailbox/mailbox.ts';
import type { PendingEffect } from '../storage/state-store.ts';
import type { Kernel } from './kernel.ts';
import { wakeAtOf } from './pending-effects.ts';

/** One actor's mailbox in its owner's hands: what woke it, what to claim, and by when the actor is in the ready set. */
export class OwnedMailbox {
  readonly #kernel: Kernel;
  readonly #address: ActorAddress;
  readonly #lease: ShardLease;
  #woken = false;
  /** Came with a wake-up, and is not accepted yet. */
  #inlined: InlinedMessage | undefined;
  /** What the mailbox was told last of when the actor has something to do by itself. */
  #listedWakeAt = Infinity;

  constructor(kernel: Kernel, address: ActorAddress, lease: ShardLease) {
    this.#kernel = kernel;
    this.#address = address;
    this.#lease = lease;
  }

  /** There may be something in it, or here is the message itself. */
  wake(inlined?: InlinedMessage): void {
    // A second one means that the first has been ended: nothing is inlined to an actor with messages.
    if (inlined === undefined) this.#woken = true;
    else this.#inlined = inlined;
  }

  get isWoken(): boolean {
    return this.#woken || this.#inlined !== undefined;
  }

  /** Whether a message has come with a wake-up and waits to be taken up. */
  get isExpecting(): boolean {
    return this.#inlined !== undefined;
  }

  /** The message that came with a wake-up, unless it has to be claimed like any other. */
  accept(): Delivery | undefined {
    const inlined = this.#inlined;
    if (inlined === undefined) return undefined;
    this.#inlined = undefined;
    const delivery = this.#kernel.mailbox.accept(inlined, this.#address, this.#lease);
    if (delivery === undefined) this.#woken = true;
    return delivery;
  }

  /**
   * The message that came with a wake-up, else at most `max` of what the mailbox holds, if it woke its owner.
   * @throws FencedError
   */
  async receive(pending: readonly PendingEffect[], max: number): Promise<readonly Delivery[]> {
    const accepted = this.accept();
    if (accepted !== undefined) return [accepted];
    if (!this.#woken) return [];
    this.#woken = false;
    const request: ClaimRequest = { max, wakeAt: this.#wakeAtOf(pending) };
    const taken = await this.#kernel.mailbox.claim(this.#address, this.#lease, request);
    this.#listedWakeAt = request.wakeAt;
    return taken;
  }

  /**
   * Ends messages in hand, and takes at most `max` others.
   * @throws FencedError
   */
  async ack(
    pending: readonly PendingEffect[],
    done: readonly Ack[],
    max: number,
  ): Promise<readonly Delivery[]> {
    const wakeAt = this.#wakeAtOf(pending);
    if (done.length === 0 && this.#isListedFor(wakeAt)) return [];
    // What ends no message takes none either: a wake-up tells of those.
    const request: ClaimRequest = { max: done.length === 0 ? 0 : max, wakeAt };
    // Finishing looks at the mailbox after every wake-up heard so far, unless a message is on its way in one.
    if (request.max > 0) this.#woken = false;
    const next = await this.#kernel.mailbox.ack(this.#address, this.#lease, done, request);
    this.#listedWakeAt = request.wakeAt;
    return next;
  }

  /** So soon that it does not pay to leave memory, or the ready set. */
  isDueSoon(pending: readonly PendingEffect[]): boolean {
    return this.#isSoon(this.#wakeAtOf(pending));
  }

  /**
   * Whether the mailbox knows well enough when the actor has something to do. Too early costs little: that it has nothing
   * to do any more is told when that time has come, if another time has not come first.
   */
  isListed(pending: readonly PendingEffect[]): boolean {
    return this.#isListedFor(this.#wakeAtOf(pending));
  }

  #isListedFor(wakeAt: number): boolean {
    const listed = this.#listedWakeAt;
    if (listed === wakeAt) return true;
    if (wakeAt === Infinity) return listed > this.#kernel.clock.now() && this.#isSoon(listed);
    return listed < wakeAt && this.#isSoon(wakeAt);
  }

  #wakeAtOf(pending: readonly PendingEffect[]): number {
    return pending.length === 0 ? Infinity : wakeAtOf(pending, this.#kernel.clock.now());
  }

  #isSoon(wakeAt: number): boolean {
    const { clock, limits } = this.#kernel;
    return wakeAt <= clock.now() + limits.idleMs;
  }
}
