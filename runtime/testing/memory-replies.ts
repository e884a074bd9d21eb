import type { Inbox, Replies, Reply } from '../mailbox/replies.ts';

/** Answers within one process; they cross as JSON, as they would between two. */
export class MemoryReplies implements Replies {
  readonly #listeners = new Map<string, ((reply: Reply) => void)[]>();

  send(inbox: string, reply: Reply): Promise<void> {
    for (const listener of this.#listeners.get(inbox) ?? []) {
      listener(JSON.parse(JSON.stringify(reply)) as Reply);
    }
    return Promise.resolve();
  }

  open(name: string): Inbox {
    return {
      name,
      onReply: (listener) => {
        this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
      },
      close: () => {
        this.#listeners.delete(name);
        return Promise.resolve();
      },
    };
  }
}
