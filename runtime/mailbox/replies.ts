import type { StoredAnswer } from '../storage/state-store.ts';

/** An answer on its way to the process that asked. */
export interface Reply {
  /** The id of the message that it answers. */
  readonly id: string;
  readonly answer: StoredAnswer;
}

/** Where a node leaves answers. */
export interface Replies {
  /** On another server than the mailboxes: an answer can be lost although the end of its message is not. */
  readonly areApart?: boolean;
  send(inbox: string, reply: Reply): Promise<void>;
}

/** Where a process finds the answers to what it asked. */
export interface Inbox {
  readonly name: string;
  /** Another listener, which is called for each answer, once or more. */
  onReply(listener: (reply: Reply) => void): void;
  close(): Promise<void>;
}
