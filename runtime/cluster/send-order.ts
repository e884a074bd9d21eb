/** Of a message that went directly: it is admitted once it is ahead of whatever comes into the mailbox from then on. */
export class Passage {
  readonly #onAdmitted: (passage: Passage) => void;
  #isAdmitted = false;
  /** Made when something waits for it. */
  #admitted: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  constructor(onAdmitted: (passage: Passage) => void) {
    this.#onAdmitted = onAdmitted;
  }

  get isAdmitted(): boolean {
    return this.#isAdmitted;
  }

  admit(): void {
    this.#isAdmitted = true;
    this.#onAdmitted(this);
    this.#resolve?.();
  }

  admitted(): Promise<void> {
    if (this.#isAdmitted) return Promise.resolve();
    return (this.#admitted ??= new Promise((resolve) => (this.#resolve = resolve)));
  }
}

/** Keeps the order of what one process sends to an actor, of which some goes through its mailbox and some does not. */
export class SendOrder {
  /** Actor id → messages on their way to its mailbox. */
  readonly #far = new Map<string, number>();
  /** Actor id → the last that went directly, until it is admitted. */
  readonly #near = new Map<string, Passage>();

  /** Hands a message over with `take`, unless one before it is still on its way to the mailbox. Returns whether it was taken. */
  near(actorId: string, take: (passage: Passage) => boolean): boolean {
    if (this.#far.has(actorId)) return false;
    const passage = new Passage((admitted) => {
      if (this.#near.get(actorId) === admitted) this.#near.delete(actorId);
    });
    if (!take(passage)) return false;
    if (!passage.isAdmitted) this.#near.set(actorId, passage);
    return true;
  }

  /** Sends a message to the mailbox, behind what went directly. */
  far(actorId: string, send: () => Promise<void>): Promise<void> {
    const ahead = this.#near.get(actorId);
    return this.instead(actorId, ahead === undefined ? send : () => ahead.admitted().then(send));
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
