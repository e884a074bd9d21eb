import {
  type ActorRecord,
  type ActorRefs,
  type AnyActor,
  type EffectContext,
  isActorError,
  type MessageSpecs,
  type OutboxEvent,
  type PendingEffect,
  type Schema,
  silentLogger,
  type StoredAnswer,
  ActorError,
} from '@trolley/runtime';
import { type Envelope, fromWireError } from '@trolley/runtime/adapters';
import {
  applyMessage,
  applyOutcome,
  completed,
  createRef,
  draftOf,
  initialState,
  isBlank,
  isPostponable,
  type MessageSender,
  recordOf,
  type TurnDraft,
} from '@trolley/runtime/testing';

/** Where a node may die. */
export type Point = 'before write' | 'after write' | 'postponed' | 'before effect' | 'after effect';

/** Thrown at a point: the node dies there. `forgets`: nobody waits any more for the messages that had not ended. */
export class Crash extends Error {
  readonly forgets: boolean;

  constructor(where: string, { forgets = false } = {}) {
    super(where);
    this.forgets = forgets;
  }
}

export interface TestTime {
  now: number;
}

export interface ActorDriverOptions {
  readonly actor: AnyActor;
  readonly key: string;
  readonly time: TestTime;
  /** Answers what effects ask through their refs; without it, nobody is to be asked. */
  readonly askOther?: MessageSender['ask'];
  /** Told of each point; may send messages, or throw a `Crash`. What is postponed may be written all the same. */
  readonly at?: (point: Point, about: string) => 'write' | undefined | Promise<'write' | undefined>;
}

interface Stored {
  readonly record: ActorRecord;
  readonly version: number;
}

/**
 * One actor without node, mailbox or store: the kernel's own rules for a turn, step by step, in time that only
 * moves when nothing else is left to do. A crash loses everything but what was written and what waits.
 */
export class ActorDriver {
  readonly published: OutboxEvent[] = [];
  /** Answers that left, by message id; the first one counts, as for a caller who waits. */
  readonly answers = new Map<string, StoredAnswer>();
  crashes = 0;
  readonly #options: ActorDriverOptions;
  readonly #mailbox: Envelope[] = [];
  /** So many of them are handled, and end with the next write. */
  #unended = 0;
  #stored: string | undefined;
  #loaded: (Stored & { readonly isUnwritten?: boolean }) | undefined;
  /** Runs of effects that were pending when the state was loaded: an earlier life may have performed them. */
  #fromEarlierLife = new Set<string>();
  #ids = 0;
  readonly #refs: ActorRefs;

  constructor(options: ActorDriverOptions) {
    this.#options = options;
    const nobody = () => Promise.reject(new Error('nobody else is to be asked or told'));
    const sender: MessageSender = { ask: options.askOther ?? nobody, tell: nobody };
    this.#refs = { ref: (contract, key) => createRef(sender, contract, key) };
  }

  get state(): unknown {
    return this.#load().record.state;
  }

  get effects(): readonly PendingEffect[] {
    return this.#load().record.effects;
  }

  send(name: string, input: unknown, id = `${this.#options.key}-${++this.#ids}`): string {
    this.#mailbox.push({
      v: 1,
      id,
      name,
      input: JSON.parse(JSON.stringify(input)) as unknown,
      replyTo: 'test',
    });
    return id;
  }

  /** Handles what waits, but performs no effect; for an answer that is not deferred. */
  async ask(name: string, input: unknown): Promise<unknown> {
    const id = this.send(name, input);
    while (await this.#survive(() => this.#deliver()));
    return this.answer(id);
  }

  /** The same, with the effects that come before the answer, and no longer than that: a crash may lose the answer. */
  async askPatiently(name: string, input: unknown, timeoutMs: number): Promise<unknown> {
    const { time } = this.#options;
    const until = time.now + timeoutMs;
    const id = this.send(name, input);
    while (!this.answers.has(id)) {
      const isDue =
        this.#mailbox.length > this.#unended || this.effects.some(({ notBefore }) => notBefore <= until);
      if (!isDue) {
        time.now = Math.max(time.now, until);
        break;
      }
      await this.step();
    }
    return this.answer(id);
  }

  /** @throws ActorError the refusal, or `deadline_exceeded` when no answer has left */
  answer(id: string): unknown {
    const answer = this.answers.get(id);
    if (answer === undefined) throw new ActorError('deadline_exceeded', `no answer to ${id}`);
    if ('error' in answer) throw fromWireError(answer.error);
    return answer.ok;
  }

  /** Goes on until nothing is left to do, or `maxSteps` are over. */
  async run(maxSteps = 1000): Promise<void> {
    for (let step = 0; step < maxSteps; step++) if (!(await this.step())) return;
    throw new Error(`${this.#options.key} does not come to rest: ${JSON.stringify(this.effects)}`);
  }

  /** Handles one message, else performs the next effect; false when there is neither. */
  step(): Promise<boolean> {
    return this.#survive(async () => (await this.#deliver()) || (await this.#performNext()));
  }

  async #survive(step: () => Promise<boolean>): Promise<boolean> {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.crashes += 1;
      this.#loaded = undefined;
      if (error.forgets) this.#mailbox.splice(0, this.#unended);
      this.#unended = 0;
      return true;
    }
  }

  async #deliver(): Promise<boolean> {
    if (this.#mailbox.length === this.#unended) return false;
    if (this.#unended > 0) await this.#writePostponed();
    const [envelope] = this.#mailbox;
    if (envelope === undefined) return false;
    const loaded = this.#load();
    const draft = applyMessage(
      this.#options.actor,
      draftOf(loaded.record, loaded.isUnwritten),
      envelope,
      this.#context(),
    );
    await this.#commit(loaded, draft, envelope.name, 1);
    return true;
  }

  /** As the kernel does before it takes the next message. */
  async #writePostponed(): Promise<void> {
    const loaded = this.#load();
    await this.#commit(loaded, draftOf(loaded.record, loaded.isUnwritten), 'what was postponed');
  }

  async #performNext(): Promise<boolean> {
    const [effect] = [...this.#load().record.effects].sort((a, b) => a.notBefore - b.notBefore);
    if (effect === undefined) return false;
    const { actor, key, time } = this.#options;
    time.now = Math.max(time.now, effect.notBefore);
    await this.#at('before effect', effect.name);
    const perform = (actor.definition.effects as Record<string, (...args: unknown[]) => Promise<unknown>>)[
      effect.name
    ]!;
    const context: EffectContext = {
      effectId: effect.run,
      key,
      signal: new AbortController().signal,
      requestId: undefined,
      traceparent: undefined,
      refs: this.#refs,
    };
    const repeated = this.#fromEarlierLife.has(effect.run);
    const ended = await perform(effect.input, context).then(
      (value) => ({ ok: true as const, value }),
      (error: unknown) => ({ ok: false as const, error: known(error) }),
    );
    const outcome = { ...ended, repeated };
    await this.#at('after effect', effect.name);
    // What came in while the effect ran is handled before its outcome.
    while (await this.#deliver());
    const loaded = this.#load();
    const draft = applyOutcome(
      actor,
      draftOf(loaded.record, loaded.isUnwritten),
      effect,
      outcome,
      this.#context(),
    );
    await this.#commit(loaded, draft, effect.name);
    return true;
  }

  /** @param messages the number of those that it has handled */
  async #commit(loaded: Stored, made: TurnDraft, about: string, messages = 0): Promise<void> {
    const { actor, key, time } = this.#options;
    const draft = completed(made, time.now);
    if (this.#unended === 0 && isPostponable(draft, time.now)) {
      this.#loaded = { record: draft.record, version: loaded.version, isUnwritten: true };
      this.#unended += messages;
      messages = 0;
      if ((await this.#at('postponed', about)) !== 'write') return;
    }
    if (draft.changed) {
      await this.#at('before write', about);
      this.#loaded = { record: draft.record, version: loaded.version + 1 };
      this.#stored = isBlank(draft) ? undefined : JSON.stringify(this.#loaded);
      this.published.push(...draft.events);
      await this.#at('after write', about);
    }
    await actor.definition.project?.(key, draft.record.state, this.#load().version);
    for (const { reply } of draft.replies) {
      const id = reply.id.slice(reply.id.indexOf('/') + 1);
      if (!this.answers.has(id)) this.answers.set(id, reply.answer);
    }
    this.#mailbox.splice(0, this.#unended + messages);
    this.#unended = 0;
  }

  #load(): Stored & { readonly isUnwritten?: boolean } {
    if (this.#loaded !== undefined) return this.#loaded;
    const { actor, key, time } = this.#options;
    const stored = this.#stored === undefined ? undefined : (JSON.parse(this.#stored) as Stored);
    const record = recordOf(actor, key, time.now, stored?.record);
    this.#loaded = { record, version: stored?.version ?? 0 };
    this.#fromEarlierLife = new Set(record.effects.map(({ run }) => run));
    return this.#loaded;
  }

  #context() {
    const { actor, key, time } = this.#options;
    const newId = () => `run-${++this.#ids}`;
    const messages = actor.contract.messages as MessageSpecs;
    const tags = (actor.definition.tags ?? {}) as Readonly<Record<string, Schema>>;
    const initial = () => initialState(actor, key, time.now);
    const { type } = actor.contract;
    return { actorId: key, type, key, now: time.now, newId, messages, tags, initial, logger: silentLogger };
  }

  async #at(point: Point, about: string): Promise<'write' | undefined> {
    return this.#options.at?.(point, about);
  }
}

function known(error: unknown): ActorError {
  if (error instanceof Crash) throw error;
  if (isActorError(error)) return error;
  // A test's own mistake must not pass as an unknown outcome.
  throw error;
}
