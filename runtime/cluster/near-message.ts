import { carriedCopy } from '../define/carried-value.ts';
import { encodeEnvelope } from '../mailbox/encode-envelope.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Envelope } from '../mailbox/mailbox.ts';
import type { NearAsk } from '../mailbox/near-ask.ts';
import type { Passage, SendOrder } from './send-order.ts';

/** An ask that went directly to an actor of this process. */
export class NearMessage implements NearAsk {
  readonly jobId: string;
  readonly envelope: Envelope;
  readonly isUnnamed: boolean;
  readonly #to: ActorAddress;
  readonly #order: SendOrder;
  readonly #passage: Passage;
  readonly #send: () => Promise<void>;

  /**
   * `send`: how it goes through the mailbox; its asker hears when it can't.
   * @throws ActorError `payload_too_large`
   */
  constructor(
    {
      to,
      jobId,
      envelope,
      isUnnamed,
    }: Pick<NearAsk, 'jobId' | 'envelope' | 'isUnnamed'> & {
      readonly to: ActorAddress;
    },
    order: SendOrder,
    passage: Passage,
    send: () => Promise<void>,
  ) {
    this.jobId = jobId;
    this.isUnnamed = isUnnamed;
    // For its limit: what goes through a mailbox has the same.
    encodeEnvelope(to, envelope);
    this.envelope = { ...envelope, input: carriedCopy(envelope.input) };
    this.#to = to;
    this.#order = order;
    this.#passage = passage;
    this.#send = send;
  }

  admit(): void {
    this.#passage.admit();
  }

  async giveBack(): Promise<void> {
    await this.#order.instead(this.#to.id, this.#send);
    this.#passage.admit();
  }
}
