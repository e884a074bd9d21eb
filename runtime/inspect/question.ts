import type { Reply } from '../mailbox/replies.ts';

/** What an operator asks a node about one of its actors, or to do with it. */
export type Question = { readonly type: string; readonly key: string } & (
  | { readonly kind: 'inspect' | 'passivate' }
  | {
      readonly kind: 'send';
      readonly message: string;
      readonly input: unknown;
      readonly messageId: string;
      readonly requestId?: string;
      readonly traceparent?: string;
    }
);

/** A question on its way. */
export interface AskedQuestion {
  /** The format, which grows when an older node could no longer understand it. */
  readonly v: number;
  readonly id: string;
  /** The inbox that the answer goes to. */
  readonly replyTo: string;
  /** Milliseconds since the epoch after which nobody waits for the answer. */
  readonly deadline: number;
  readonly question: Question;
}

export const questionVersion = 1;

/** Where a process leaves questions for a node. */
export interface NodeQuestions {
  send(node: string, asked: AskedQuestion): Promise<void>;
}

/** Where a node finds them. */
export interface QuestionInbox {
  close(): Promise<void>;
}

/** Where the answers come in. */
export interface AnswerInbox {
  readonly name: string;
  onReply(listener: (reply: Reply) => void): void;
}
