/** Keeps the order of what one process sends to an actor, of which some goes through its mailbox and some does not. */
export class SendOrder {
  /** Actor id → messages on their way to its mailbox. */
  readonly #far = new Map<string, number>();
  /** Actor id → when what went directly is ahead of whatever comes into the mailbox from then on. */
  readonly #near = new Map<string, Promise<void>>();

  /** Hands a message over with `take`, unless one before it is still on its way to the mailbox. Returns whether it was taken. */
  near(actorId: string, take: (admit: () => void) => boolean): boolean {
    if (this.#far.has(actorId)) return false;
    let admit: () => void = () => undefined;
    const admitted = new Promise<void>((resolve) => (admit = resolve));
    if (!take(admit)) return false;
    this.#near.set(actorId, admitted);
    void admitted.then(() => {
      if (this.#near.get(actorId) === admitted) this.#near.delete(actorId);
    });
    return true;
  }

  /** Sends a message to the mailbox, behind what went directly. */
  far(actorId: string, send: () => Promise<void>): Promise<void> {
    const ahead = this.#near.get(actorId);
    return this.instead(actorId, ahead === undefined ? send : () => ahead.then(send));
  }

  /** Sends to the mailbox what went directly, and did not get through. */
  async instead(actorId: string, send: () => Promise<void>): Promise<void> {
    this.#far.set(actorId, (this.#far.get(actorId) ?? 0) + 1);
    try {
      await send();
    } finally {
      const left = (this.#far.get(actorId) ?? 1) - 1;
      if (left === 0) this.#far.delete(actorId);
      else this.#far.set(actorId, left);
    }
  }
}
