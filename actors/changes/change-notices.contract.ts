/** What a user follows. */
export type ChangedThing = 'cart' | 'checkout' | 'order';

/**
 * Tells whoever follows a user that something of theirs is another one now. A notice may be lost, and may come though
 * nothing has changed: it says where to look, not what is there.
 */
export interface ChangePublisher {
  /** Never throws, and waits for nothing. */
  publish(userId: number, thing: ChangedThing): void;
}

export interface ChangeSubscriber {
  /**
   * Calls `heard` with each notice about a user, and without one where some may have been missed, until the function
   * that it returns is called.
   */
  subscribe(userId: number, heard: (thing?: ChangedThing) => void): () => void;
}
