import { toWireError } from '../define/errors.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Envelope } from '../mailbox/mailbox.ts';
import type { NearActors, NearAsk } from '../mailbox/near-ask.ts';
import type { Reply } from '../mailbox/replies.ts';
import type { AskInPassage } from './ask-in-passage.ts';

/**
 * Carries plain data, whole and in order, to another process, such as `process.send` of a child. The one that asks has to
 * end with the one that hosts actors: nobody else knows what came of what was handed over.
 */
export interface LinkPort {
  post(frame: unknown): void;
  /** The listener hears what the other end posts; nothing is posted before both ends listen. */
  onFrame(listener: (frame: unknown) => void): void;
}

type NumberedAsk = readonly [number: number, to: ActorAddress, jobId: string, envelope: Envelope];

/** What one turn of the event loop brings, either way. */
interface ToNode {
  readonly inbox: string;
  readonly asks: readonly NumberedAsk[];
}

interface ToAsker {
  /** Numbers of asks: what is sent to their actors from now on comes behind them. */
  readonly admitted: number[];
  /** Ids of messages that are in their mailboxes, as in replies. */
  readonly sent: string[];
  readonly replies: Reply[];
}

/** Hears what becomes of what was asked. */
export interface LinkListener {
  sent(id: string): void;
  answer(reply: Reply): void;
}

/** The end of those who ask: its asks go to the process at the other end, which hands them over or sends them on. */
export class LinkToNode implements NearActors {
  readonly #port: LinkPort;
  readonly #inbox: string;
  /** Not admitted yet. */
  readonly #asked = new Map<number, NearAsk>();
  #last = 0;
  #asks: NumberedAsk[] = [];

  constructor(port: LinkPort, inbox: string, listener: LinkListener) {
    this.#port = port;
    this.#inbox = inbox;
    port.onFrame((frame) => {
      const { admitted, sent, replies } = frame as ToAsker;
      for (const id of sent) listener.sent(id);
      for (const number of admitted) {
        // One that is given back later is told of again.
        this.#asked.get(number)?.admit();
        this.#asked.delete(number);
      }
      for (const reply of replies) listener.answer(reply);
    });
  }

  take(to: ActorAddress, ask: () => NearAsk): boolean {
    const near = ask();
    const number = ++this.#last;
    this.#asked.set(number, near);
    if (this.#asks.length === 0) setImmediate(() => this.#flush());
    this.#asks.push([number, to, near.jobId, near.envelope]);
    return true;
  }

  #flush(): void {
    const asks = this.#asks;
    this.#asks = [];
    this.#port.post({ inbox: this.#inbox, asks } satisfies ToNode);
  }
}

/** The end of the process that hosts actors. */
export class LinkToAsker {
  readonly #port: LinkPort;
  /** What is to be told with the next frame; undefined: nothing. */
  #due: ToAsker | undefined;

  /** `pass`: hands an ask over, or sends it on; `onInbox`: hears, again and again, which answers are for the other end. */
  constructor(port: LinkPort, pass: (ask: AskInPassage) => void, onInbox: (inbox: string) => void) {
    this.#port = port;
    port.onFrame((frame) => {
      const { inbox, asks } = frame as ToNode;
      onInbox(inbox);
      for (const [number, to, jobId, envelope] of asks) pass(this.#passage(number, { to, jobId, envelope }));
    });
  }

  answer(reply: Reply): void {
    this.#next().replies.push(reply);
  }

  #passage(number: number, ask: Pick<AskInPassage, 'to' | 'jobId' | 'envelope'>): AskInPassage {
    const id = `${ask.to.id}/${ask.envelope.id}`;
    return {
      ...ask,
      over: false,
      wasSent: () => void this.#next().sent.push(id),
      fail: (error) => this.answer({ id, answer: { error: toWireError(error) } }),
      onAdmitted: () => void this.#next().admitted.push(number),
    };
  }

  /** The frame that is due with the end of this turn of the event loop. */
  #next(): ToAsker {
    if (this.#due !== undefined) return this.#due;
    const due: ToAsker = { admitted: [], sent: [], replies: [] };
    setImmediate(() => {
      this.#due = undefined;
      this.#port.post(due);
    });
    return (this.#due = due);
  }
}
