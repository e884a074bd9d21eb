import type { ActorAddress } from '../mailbox/address.ts';
import type { CarriedMessage, Delivery, Finished, Request, ShardLease } from '../mailbox/mailbox.ts';
import type { PendingEffect } from '../storage/state-store.ts';
import type { Kernel } from './kernel.ts';
import { wakeAtOf } from './wanted.ts';

/** One actor's mailbox in its owner's hands: what rang, what to take, and by when the actor is listed as live. */
export class OwnedMailbox {
  readonly #kernel: Kernel;
  readonly #address: ActorAddress;
  readonly #lease: ShardLease;
  #rung = false;
  /** Came with a ring, and is not accepted yet. */
  #carried: CarriedMessage | undefined;
  /** What the mailbox was told last of when the actor has something to do by itself. */
  #listedWakeAt = Infinity;

  constructor(kernel: Kernel, address: ActorAddress, lease: ShardLease) {
    this.#kernel = kernel;
    this.#address = address;
    this.#lease = lease;
  }

  /** There may be something in it, or here is the message itself. */
  ring(carried?: CarriedMessage): void {
    // A second one means that the first has been ended: nothing is carried to an actor with messages.
    if (carried === undefined) this.#rung = true;
    else this.#carried = carried;
  }

  get hasRung(): boolean {
    return this.#rung || this.#carried !== undefined;
  }

  /** Whether a message has come with a ring and waits to be taken up. */
  get isExpecting(): boolean {
    return this.#carried !== undefined;
  }

  /**
   * The message that came with a ring, else at most `max` of what the mailbox holds.
   * @throws FencedError
   */
  async receive(wanted: readonly PendingEffect[], max: number): Promise<readonly Delivery[]> {
    const { mailbox } = this.#kernel;
    const carried = this.#carried;
    if (carried !== undefined) {
      this.#carried = undefined;
      const delivery = mailbox.accept(carried, this.#address, this.#lease);
      if (delivery !== undefined) return [delivery];
      this.#rung = true;
    }
    if (!this.#rung) return [];
    this.#rung = false;
    const request: Request = { max, wakeAt: this.#wakeAtOf(wanted) };
    const taken = await mailbox.take(this.#address, this.#lease, request);
    this.#listedWakeAt = request.wakeAt;
    return taken;
  }

  /**
   * Ends messages in hand, and takes at most `max` others.
   * @throws FencedError
   */
  async finish(
    wanted: readonly PendingEffect[],
    done: readonly Finished[],
    max: number,
  ): Promise<readonly Delivery[]> {
    const request: Request = { max, wakeAt: this.#wakeAtOf(wanted) };
    if (done.length === 0 && this.#isListed(request)) return [];
    // Finishing looks at the mailbox after every ring heard so far, unless a message is on its way in one.
    if (max > 0 && done.length > 0) this.#rung = false;
    const next = await this.#kernel.mailbox.finish(this.#address, this.#lease, done, request);
    this.#listedWakeAt = request.wakeAt;
    return next;
  }

  /** So soon that it does not pay to leave memory, or the list of the live. */
  isDueSoon(wanted: readonly PendingEffect[]): boolean {
    return this.#isSoon(this.#wakeAtOf(wanted));
  }

  /** Whether the mailbox knows well enough when the actor has something to do: too early costs little. */
  #isListed({ wakeAt }: Request): boolean {
    const listed = this.#listedWakeAt;
    return listed === wakeAt || (listed < wakeAt && this.#isSoon(wakeAt));
  }

  #wakeAtOf(wanted: readonly PendingEffect[]): number {
    return wakeAtOf(wanted, this.#kernel.clock.now());
  }

  #isSoon(wakeAt: number): boolean {
    const { clock, limits } = this.#kernel;
    return wakeAt <= clock.now() + limits.idleMs;
  }
}
