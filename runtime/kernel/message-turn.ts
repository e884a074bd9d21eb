import { hash } from 'node:crypto';
import type { OutboxEvent, PerformOptions, ReminderOptions, ReminderTime, Turn } from '../define/actor.ts';
import { delayFault } from '../define/bounds.ts';
import { keep } from '../define/carried-value.ts';
import type { CanDefer, Deferred } from '../define/deferred.ts';
import { toWireError, ActorError } from '../define/errors.ts';
import { parse } from '../define/schema.ts';
import { carriedTrace } from '../define/trace-context.ts';
import type { PendingEffect, StoredAnswer, WaitingCaller } from '../storage/state-store.ts';
import { changeRecord, clearRecord, refusedWith, withReply, type TurnDraft } from './turn-draft.ts';
import { checkedAnswer } from './handler-defect.ts';
import { withoutPending, withPending } from './pending-effects.ts';
import type { TurnContext } from './turn-context.ts';
import { checkTag, waitingOf, type Waiting } from './waiting-callers.ts';

/** What a turn is about: the message, or the effect whose outcome is taken up. */
export interface TurnSubject {
  readonly messageId: string;
  readonly name: string;
  readonly replyTo?: string | undefined;
  readonly requestId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  readonly sentAt?: number | undefined;
  readonly isReminder?: boolean;
  /** The run of the effect whose outcome is taken up. */
  readonly cause?: string;
}

type Answers = Readonly<Record<string, ((waiting: Waiting) => unknown) | undefined>>;
type IsMeant = (waiting: Waiting) => boolean;

/** Callers that may wait for one actor's deferred answers. */
const maxWaiting = 1_000;

export const deferredMark = Object.freeze({}) as Deferred;

/** The turn that a handler sees; it works on a draft of its own, which counts only if the handler returns. */
export class MessageTurn implements Turn<unknown>, CanDefer<unknown> {
  readonly key: string;
  readonly messageId: string;
  readonly requestId: string | undefined;
  readonly now: number;
  readonly #context: TurnContext;
  readonly #subject: TurnSubject;
  readonly #before: readonly PendingEffect[];
  /** What the ids of its effects are derived from, where the turn may come again. */
  #cause: string | undefined;
  #draft: TurnDraft;

  constructor(draft: TurnDraft, context: TurnContext, subject: TurnSubject) {
    this.key = context.key;
    this.now = context.now;
    this.messageId = subject.messageId;
    this.requestId = subject.requestId;
    this.#context = context;
    this.#subject = subject;
    this.#before = draft.record.effects;
    this.#cause = subject.cause;
    this.#draft = draft;
  }

  get draft(): TurnDraft {
    return this.#draft;
  }

  get traceparent(): string | undefined {
    return this.#subject.traceparent;
  }

  get state(): unknown {
    return this.#draft.record.state;
  }

  set(next: unknown): void {
    keep('the state', next, this.state);
    this.#draft = { ...changeRecord(this.#draft, { state: next }), cleared: false };
  }

  clear(): void {
    this.#draft = clearRecord(this.#draft, this.#context.initial());
  }

  perform(name: string, input: unknown, options: PerformOptions = {}): void {
    const { id = name, delayMs = 0 } = options;
    keep(`the input of '${name}'`, input);
    this.#want({ id, name, input, ...this.#after(delayMs) });
  }

  cancel(id: string): void {
    this.#drop({ id });
  }

  remind(message: string, input: unknown, when: ReminderTime & ReminderOptions): void {
    const delayMs = 'at' in when ? Math.max(0, when.at - this.now) : when.delayMs;
    const spec = this.#context.messages[message];
    const parsed =
      spec === undefined || spec.readOnly === true
        ? { success: false as const, reason: 'there is no such message that changes anything' }
        : parse(spec.input, input);
    if (!parsed.success) {
      const { reason } = parsed;
      throw new ActorError('invalid_request', `a reminder of '${message}': ${reason}`);
    }
    keep(`the input of '${message}'`, input);
    this.#want({ id: when.id ?? message, name: message, input, ...this.#after(delayMs), reminder: true });
  }

  cancelReminder(id: string): void {
    this.#drop({ id, reminder: true });
  }

  #after(delayMs: number): Pick<PendingEffect, 'notBefore' | 'delayMs'> {
    const fault = delayFault(delayMs);
    if (fault !== undefined) throw new RangeError(fault);
    const notBefore = Math.ceil(this.now + delayMs);
    return { notBefore, delayMs: notBefore - this.now };
  }

  #want(wanted: Omit<PendingEffect, 'run' | 'requestId' | 'traceparent' | 'tracestate'>): void {
    const request = this.requestId === undefined ? {} : { requestId: this.requestId };
    const run = this.#cause === undefined ? this.#context.newId() : runAfter(this.#cause, wanted);
    const effect = { run, ...request, ...carriedTrace(this.#subject), ...wanted };
    this.#draft = changeRecord(this.#draft, { effects: withPending(this.#draft.record.effects, effect) });
  }

  #drop(named: Pick<PendingEffect, 'id' | 'reminder'>): void {
    const { effects } = this.#draft.record;
    const left = withoutPending(effects, named);
    if (left !== effects) this.#draft = changeRecord(this.#draft, { effects: left });
  }

  postponeWrite(): void {
    this.#draft = { ...this.#draft, mayWait: true };
    if (this.#cause !== undefined) return;
    const cause = this.messageId;
    this.#cause = cause;
    const { effects } = this.#draft.record;
    const derived = effects.map((one) =>
      this.#before.includes(one) ? one : { ...one, run: runAfter(cause, one) },
    );
    this.#draft = { ...this.#draft, record: { ...this.#draft.record, effects: derived } };
  }

  publish(event: OutboxEvent): void {
    keep(`the payload of '${event.type}'`, event.payload);
    const { type, partitionKey, payload } = event;
    const headers = { ...carriedTrace(this.#subject), ...event.headers };
    const traced = { type, partitionKey, payload, headers };
    this.#draft = { ...this.#draft, changed: true, events: [...this.#draft.events, traced] };
  }

  defer(tag?: unknown): Deferred {
    const { messageId, name, replyTo } = this.#subject;
    const { waiting } = this.#draft.record;
    if (waiting.length >= maxWaiting) {
      throw new ActorError('mailbox_full', `${maxWaiting} callers already wait for ${this.#context.actorId}`);
    }
    checkTag(this.#context.tags, name, tag);
    if (replyTo !== undefined) {
      const caller: WaitingCaller = {
        messageId,
        message: name,
        replyTo,
        ...(tag === undefined ? {} : { tag }),
      };
      this.#draft = changeRecord(this.#draft, { waiting: [...waiting, caller] });
    }
    return deferredMark;
  }

  answerWaiting(answers: Answers, isMeant: IsMeant = () => true): void {
    this.#settleWaiting((waiting) => {
      const { message } = waiting;
      const spec = this.#context.messages[message];
      const answer = answers[message];
      if (spec === undefined || answer === undefined || !isMeant(waiting)) return undefined;
      return { ok: checkedAnswer(spec, answer(waiting)) };
    });
  }

  refuseWaiting(error: ActorError, isMeant: IsMeant = () => true): void {
    const refused = refusedWith(toWireError(error));
    this.#settleWaiting((waiting) => (isMeant(waiting) ? refused : undefined));
  }

  /** Gives those who wait the answer that `answerTo` has for them; they go on waiting where it has none. */
  #settleWaiting(answerTo: (waiting: Waiting) => StoredAnswer | undefined): void {
    const { waiting, applied } = this.#draft.record;
    const answers = new Map<string, StoredAnswer>();
    for (const caller of waiting) {
      const { messageId, replyTo } = caller;
      const answer = answers.get(messageId) ?? this.#answerTo(caller, answerTo);
      if (answer === undefined) continue;
      answers.set(messageId, answer);
      this.#draft = withReply(this.#draft, replyTo, `${this.#context.actorId}/${messageId}`, answer);
    }
    if (answers.size === 0) return;
    this.#draft = changeRecord(this.#draft, {
      waiting: waiting.filter((caller) => !answers.has(caller.messageId)),
      applied: applied.map((one) => {
        const answer = answers.get(one.id);
        return answer === undefined ? one : { ...one, answer };
      }),
    });
  }

  #answerTo(
    caller: WaitingCaller,
    answerTo: (waiting: Waiting) => StoredAnswer | undefined,
  ): StoredAnswer | undefined {
    const { messages, tags, actorId, logger } = this.#context;
    const waiting = waitingOf(messages, tags, caller);
    if (!('error' in waiting)) return answerTo(waiting);
    const { error } = waiting;
    logger.warn({ actor: actorId, err: error }, 'a caller of an earlier version cannot be answered');
    return refusedWith(toWireError(error));
  }
}

/** The same whenever the same outcome or message is taken up: what was not written leads to the same again. */
function runAfter(
  cause: string,
  { id, name, reminder }: Pick<PendingEffect, 'id' | 'name' | 'reminder'>,
): string {
  const led = JSON.stringify([cause, id, name, reminder === true]);
  return hash('sha256', led, 'base64url').slice(0, 22);
}
