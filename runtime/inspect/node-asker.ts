import { pause, type Cancel, type Clock } from '../define/clock.ts';
import { ActorError, fromWireError, type WireError } from '../define/errors.ts';
import { addressOf } from '../mailbox/address.ts';
import type { Reply } from '../mailbox/replies.ts';
import type { StoredAnswer } from '../storage/state-store.ts';
import type { ShardHolders } from './shards.ts';
import { questionVersion, type AnswerInbox, type NodeQuestions, type Question } from './question.ts';

export interface NodeAskerOptions {
  readonly holders: ShardHolders;
  readonly questions: NodeQuestions;
  readonly inbox: AnswerInbox;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly shards: number;
}

const maxPending = 1_000;
/** How long a shard that passes from one node to another is looked for, in so many looks. */
const lookMs = 200;
const looks = 5;

interface Pending {
  readonly heard: (answer: StoredAnswer) => void;
}

/** Asks the node that holds an actor's shard. */
export class NodeAsker {
  readonly #options: NodeAskerOptions;
  readonly #pending = new Map<string, Pending>();

  constructor(options: NodeAskerOptions) {
    this.#options = options;
    options.inbox.onReply((reply) => this.#heard(reply));
  }

  /**
   * @throws ActorError `unavailable` when no node holds the shard, `deadline_exceeded` when there is no answer in time:
   *   what was to be done is then unknown; and what the node refused
   */
  async ask(question: Question, timeoutMs: number): Promise<unknown> {
    const { clock, holders, shards } = this.#options;
    const { shard } = addressOf(question.type, question.key, shards);
    const deadline = clock.monotonic() + timeoutMs;
    for (let look = 1; ; look++) {
      const holder = await holders.holder(shard);
      const left = deadline - clock.monotonic();
      if (holder !== undefined) {
        const answer = await this.#askNode(holder.node, question, left);
        // An answer that is nothing does not travel.
        if (!('error' in answer)) return answer.ok;
        if (!hasMoved(answer.error, shard) || look === looks) throw fromWireError(answer.error);
      }
      if (look === looks || left <= lookMs)
        throw new ActorError('unavailable', `no node holds shard ${shard}`);
      await pause(clock, lookMs);
    }
  }

  #heard({ id, answer }: Reply): void {
    this.#pending.get(id)?.heard(answer);
  }

  async #askNode(node: string, question: Question, timeoutMs: number): Promise<StoredAnswer> {
    const { questions, inbox, clock, newId } = this.#options;
    if (this.#pending.size >= maxPending)
      throw new ActorError('unavailable', `${maxPending} questions to nodes are under way in this process`);
    const id = `q-${newId()}`;
    let cancel: Cancel = () => undefined;
    try {
      return await new Promise((resolve, reject) => {
        const late = new ActorError(
          'deadline_exceeded',
          `node ${node} did not answer within ${timeoutMs} ms`,
        );
        cancel = clock.schedule(timeoutMs, () => reject(late));
        this.#pending.set(id, { heard: resolve });
        const deadline = clock.now() + timeoutMs;
        questions
          .send(node, { v: questionVersion, id, replyTo: inbox.name, deadline, question })
          .catch(reject);
      });
    } finally {
      cancel();
      this.#pending.delete(id);
    }
  }
}

const hasMoved = ({ code, details }: WireError, shard: number) =>
  code === 'unavailable' && details?.['shard'] === shard;
