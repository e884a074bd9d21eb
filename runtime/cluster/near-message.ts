import { carriedCopy } from '../define/carried-value.ts';
import { encodeEnvelope } from '../mailbox/encode-envelope.ts';
import type { Envelope } from '../mailbox/mailbox.ts';
import type { NearAsk } from '../mailbox/near-ask.ts';
import type { AskInPassage } from './ask-in-passage.ts';
import type { Passage, SendOrder } from './send-order.ts';

/** How an ask goes directly, or through the mailbox after all. */
export interface Way {
  readonly order: SendOrder;
  readonly passage: Passage;
  /** How it goes through the mailbox; its asker hears when it can't. */
  readonly send: () => Promise<void>;
}

/** An ask that went directly to an actor of this process, or to a process that this one is linked to. */
export class NearMessage implements NearAsk {
  readonly jobId: string;
  readonly envelope: Envelope;
  readonly isUnnamed: boolean;
  readonly #ask: AskInPassage;
  readonly #way: Way;

  /** @throws ActorError `payload_too_large` */
  constructor(ask: AskInPassage, isUnnamed: boolean, way: Way) {
    const { to, jobId, envelope } = ask;
    this.jobId = jobId;
    this.isUnnamed = isUnnamed;
    // For its limit: what goes through a mailbox has the same.
    encodeEnvelope(to, envelope);
    this.envelope = { ...envelope, input: carriedCopy(envelope.input) };
    this.#ask = ask;
    this.#way = way;
  }

  admit(): void {
    this.#way.passage.admit();
    this.#ask.onAdmitted?.();
  }

  async giveBack(): Promise<void> {
    const { order, send } = this.#way;
    await order.instead(this.#ask.to.id, send);
    this.admit();
  }
}
