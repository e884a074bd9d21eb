import { nameFault } from '../define/bounds.ts';
import { timeoutFault } from '../define/bounds.ts';
import { isActorType } from '../define/contract.ts';
import { ActorError } from '../define/errors.ts';
import type { CallContext } from '../define/call-context.ts';
import { addressOf } from '../mailbox/address.ts';
import type { MailboxView } from '../mailbox/mailbox-view.ts';
import type { ActorOnNode, ActorReport } from './actor-report.ts';
import { report } from './mailboxes.ts';
import type { NodeAsker } from './node-asker.ts';
import type { Question } from './question.ts';
import type { ShardHolders } from './shards.ts';

/** How long a node has for an answer: 1 ms to a year. Default 5000. */
export type InspectOptions = Pick<CallContext, 'timeoutMs'>;

export interface SendByHandOptions extends InspectOptions, Pick<CallContext, 'requestId' | 'traceparent'> {
  /** Names the message: sent again with the same id, it is applied once. Default: a new one, which the answer tells. */
  readonly messageId?: string | undefined;
}

/** What became of a message that was sent by hand. */
export interface SentByHand {
  readonly messageId: string;
  /** Absent where the message has no output: then it is in the mailbox. */
  readonly answer?: unknown;
}

/** Actors of any type, whether this process knows their contract or not. Questions go to the node that holds the shard. */
export interface Actors {
  /**
   * One actor, without activating it; also one whose state cannot be read, or that is parked.
   * @throws ActorError `unavailable` when no node holds its shard, `unknown_actor`, `deadline_exceeded`
   */
  inspect(type: string, key: string, options?: InspectOptions): Promise<ActorReport>;
  /**
   * Has an actor leave memory after the turn under way. Effects that run start anew; what it has still to do brings it
   * back at once. Returns whether it was in memory.
   * @throws ActorError `unavailable` when no node holds its shard, `unknown_actor`; after `deadline_exceeded` it may
   *   leave yet
   */
  passivate(type: string, key: string, options?: InspectOptions): Promise<boolean>;
  /**
   * Sends a message whose contract the node knows: asks where it has an output, tells otherwise.
   * @throws ActorError a refusal of the actor; `invalid_request` when key or input are not what the contract says;
   *   `unknown_actor`, `unknown_message`, `mailbox_full`, `unavailable`. After `deadline_exceeded` it may be applied yet:
   *   sent again under its id, it counts once
   */
  send(
    type: string,
    key: string,
    message: string,
    input: unknown,
    options?: SendByHandOptions,
  ): Promise<SentByHand>;
}

export interface ActorsOptions {
  readonly asker: Pick<NodeAsker, 'ask'>;
  readonly view: MailboxView;
  readonly holders: ShardHolders;
  readonly newId: () => string;
  readonly shards: number;
}

const defaultTimeoutMs = 5_000;

export function actors({ asker, view, holders, newId, shards }: ActorsOptions): Actors {
  async function ask(question: Question, timeoutMs = defaultTimeoutMs): Promise<unknown> {
    const { type, key } = question;
    const fault = isActorType(type) ? nameFault('a key', key) : `'${type}' is no name of an actor type`;
    refuse(fault ?? timeoutFault(timeoutMs));
    return asker.ask(question, timeoutMs);
  }
  return {
    async inspect(type, key, { timeoutMs } = {}) {
      const [known, mailbox] = await Promise.all([
        ask({ kind: 'inspect', type, key }, timeoutMs) as Promise<ActorOnNode>,
        report({ view, holders }, addressOf(type, key, shards)),
      ]);
      return { type, key, ...known, mailbox };
    },
    async passivate(type, key, { timeoutMs } = {}) {
      return (await ask({ kind: 'passivate', type, key }, timeoutMs)) === true;
    },
    async send(type, key, message, input, { timeoutMs, messageId = newId(), ...context } = {}) {
      refuse(nameFault('a message id', messageId));
      const { requestId, traceparent } = context;
      const answer = await ask(
        {
          ...{ kind: 'send', type, key, message, input, messageId },
          ...(requestId !== undefined && { requestId }),
          ...(traceparent !== undefined && { traceparent }),
        },
        timeoutMs,
      );
      return { messageId, ...(answer !== undefined && { answer }) };
    },
  };
}

/** @throws ActorError `invalid_request` */
function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new ActorError('invalid_request', fault);
}
