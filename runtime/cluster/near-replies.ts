import type { Replies, Reply } from '../mailbox/replies.ts';

/** An asker in the process of the node. */
export interface NearAsker {
  /** Takes an answer; false when it is for another inbox. */
  hear(inbox: string, reply: Reply): boolean;
}

const heard = Promise.resolve();

/** Hands answers to whoever asks in this process, and leaves the others in their inboxes. */
export class NearReplies implements Replies {
  readonly areApart: boolean;
  readonly #asker: NearAsker;
  readonly #replies: Replies;

  constructor(asker: NearAsker, replies: Replies) {
    this.#asker = asker;
    this.#replies = replies;
    this.areApart = replies.areApart === true;
  }

  send(inbox: string, reply: Reply): Promise<void> {
    return this.#asker.hear(inbox, reply) ? heard : this.#replies.send(inbox, reply);
  }
}
