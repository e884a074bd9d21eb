import { ActorError, codeOf, isActorError } from '../../define/errors.ts';
import type { ActorRef, AskOptions, SendOptions } from '../../define/ref.ts';
import type { StateStore } from '../../storage/state-store.ts';
import { MemoryStateStore } from '../../storage/memory-state-store.ts';
import type { Interposed } from '../memory-servers.ts';
import { createTestCluster, type TestCluster } from '../test-cluster.ts';
import { createLogActor, Log } from './log-actor.ts';
import { Witness } from './witness.ts';

/** What is removed from the protocol, to see whether the check notices. */
export interface Mutation extends Interposed {
  readonly store?: (store: StateStore) => StateStore;
}

interface Answer {
  readonly seen: readonly number[];
  /** What had been answered before this was asked. */
  readonly known: readonly number[];
}

type Fate = 'told' | 'applied' | 'refused' | 'failed';

/** Redis forgets nothing here, so what a mailbox does not tell must show. */
/** After so long, whoever asks from a node's own process takes it for dead. */
const nearPatienceMs = 6_500;
const noRecoveryMs = 24 * 3_600_000;

/** Two nodes with one shard between them, a client with a program, and a witness. */
export class World {
  readonly cluster: TestCluster;
  readonly #log: ActorRef<(typeof Log)['messages']>;
  readonly #witness = new Witness();
  readonly #answers: Answer[] = [];
  /** What the client knows of each number that it sent. */
  readonly #fates = new Map<number, Fate>();
  readonly #copied: number[] = [];
  /** Told, to be handled before whatever is sent once they are in the mailbox. */
  readonly #noted = new Set<number>();
  #awaited = 0;
  #reads = 0;

  constructor(program: { readonly brokenNode?: string }, mutation: Mutation = {}) {
    const memory = new MemoryStateStore();
    const store = this.#witness.watching(mutation.store?.(memory) ?? memory);
    this.cluster = createTestCluster({
      nodes: 2,
      time: 'manual',
      shards: 1,
      leaseMs: 900,
      heartbeatMs: 300,
      limits: {
        sweepMs: 300,
        messagesPerTurn: 3,
        turnTimeoutMs: 1_200,
        effectTimeoutMs: 3_000,
        recoverMs: noRecoveryMs,
      },
      actors: ({ refs, node }) => [{ actor: createLogActor(refs, node !== program.brokenNode), store }],
      interposed: {
        ...mutation,
        mailbox: (mailbox) => this.#witness.noting(mutation.mailbox?.(mailbox) ?? mailbox),
      },
    });
    this.#log = this.cluster.refs.ref(Log, 'a');
  }

  /** All that was asked is answered, all that was told is applied. */
  get isOver(): boolean {
    const seen = this.#witness.seen('a');
    return this.#awaited === 0 && [...this.#fates].every(([n, fate]) => fate !== 'told' || seen.includes(n));
  }

  get progress(): string {
    const fates = [...this.#fates].map(([n, fate]) => `${n} ${fate}`).join(', ');
    return `${this.#awaited} calls have no answer; ${fates}; applied is [${this.#witness.seen('a').join()}]`;
  }

  /** Broken at this point, whatever comes. */
  get violations(): readonly string[] {
    return this.#witness.violations;
  }

  /** Broken once all is over. */
  async outcome(): Promise<readonly string[]> {
    const { mailbox } = this.cluster;
    const broken: string[] = [];
    const check = (holds: boolean, sentence: string) => {
      if (!holds) broken.push(sentence);
    };
    const seen = this.#witness.seen('a');
    let failed = 0;
    for (const [n, fate] of this.#fates) {
      // A refusal leaves no trace: a client that sent its message again when a connection broke has asked anew.
      if (fate === 'refused' && !this.#witness.wasSentOnce('a', n)) continue;
      const applied = fate === 'applied' || fate === 'told';
      check(seen.includes(n) === applied, `${n} was ${fate}, and [${seen.join()}] was applied`);
      if (fate === 'failed') failed++;
    }
    const copies = this.#witness.seen('b');
    check(copies.join() === this.#copied.join(), `[${this.#copied.join()}] was copied as [${copies.join()}]`);
    for (const { seen: answer, known } of this.#answers) {
      const about = `[${answer.join()}] was answered when [${known.join()}] was known, of [${seen.join()}]`;
      check(answer.every((n, i) => seen[i] === n) && known.every((n) => answer.includes(n)), about);
    }
    this.#witness.checkOrder('a');
    const { items } = await this.cluster.deadLetters.list({ type: 'log', key: 'a' });
    const letters = items.length;
    check(letters === failed, `${failed} failed, there are ${letters} dead letters`);
    const left = mailbox.residents().length - (letters > 0 ? 1 : 0);
    check(left === 0, `left in the mailboxes: ${mailbox.residents().join()}`);
    const ready = await mailbox.ready(0);
    check(ready.length === 0, `still ready: ${ready.map(({ id }) => id).join()}`);
    return [...this.violations, ...broken];
  }

  read(): Promise<void> {
    return this.#ask(`read-${++this.#reads}`, (options) => this.#log.ask('Read', {}, options));
  }

  readNear(): Promise<void> {
    return this.#ask(`read-${++this.#reads}`, (options) => this.#near((log) => log.ask('Read', {}, options)));
  }

  appendNear(n: number): Promise<void> {
    this.#witness.comesAnyhow(n);
    return this.#ask(n, (options) => this.#near((log) => log.ask('Append', { n }, options)));
  }

  appendAfterNear(n: number, after: number): Promise<void> {
    this.#witness.comesAnyhow(n);
    return this.#ask(n, (options) => this.#near((log) => log.ask('AppendAfter', { n, after }, options)));
  }

  /** Asks once, under no id: where no answer comes, nobody can ask again. */
  async appendNearOnce(n: number): Promise<void> {
    this.#witness.comesAnyhow(n);
    this.#awaited++;
    try {
      await this.#near((log) => log.ask('Append', { n }, { timeoutMs: 6_000 }));
      this.#fates.set(n, 'applied');
    } catch (error) {
      if (!isActorError(error)) throw error;
    } finally {
      setImmediate(() => this.#awaited--);
    }
  }

  beginNear(n: number): Promise<void> {
    this.#witness.comesAnyhow(n);
    return this.#ask(n, (options) => this.#near((log) => log.ask('Begin', { n }, options)));
  }

  lookNear(): Promise<void> {
    return this.#ask(`look-${++this.#reads}`, (options) => this.#near((log) => log.ask('Look', {}, options)));
  }

  begin(n: number): Promise<void> {
    return this.#ask(n, (options) => this.#log.ask('Begin', { n }, options));
  }

  look(): Promise<void> {
    return this.#ask(`look-${++this.#reads}`, (options) => this.#log.ask('Look', {}, options));
  }

  append(n: number): Promise<void> {
    return this.#ask(n, (options) => this.#log.ask('Append', { n }, options));
  }

  appendAfter(n: number, after: number): Promise<void> {
    return this.#ask(n, (options) => this.#log.ask('AppendAfter', { n, after }, options));
  }

  appendIfSound(n: number): Promise<void> {
    return this.#ask(n, (options) => this.#log.ask('AppendIfSound', { n }, options));
  }

  note(n: number): Promise<void> {
    this.#noted.add(n);
    return this.#tell(n, (options) => this.#log.tell('Note', { n }, options));
  }

  /** Told to another actor. */
  noteElsewhere(): Promise<void> {
    const other = this.cluster.refs.ref(Log, 'elsewhere');
    return this.#untilKnown(() => other.tell('Note', { n: 0 }, { messageId: 'elsewhere' })).then(
      () => undefined,
    );
  }

  later(n: number): Promise<void> {
    return this.#tell(n, (options) => this.#log.tell('Later', { n }, options));
  }

  noteAfter(n: number, delayMs: number): Promise<void> {
    return this.#tell(n, (options) => this.#log.tell('Note', { n }, { ...options, delayMs }));
  }

  copy(n: number): Promise<void> {
    this.#copied.push(n);
    return this.#tell(n, (options) => this.#log.tell('Copy', { n, to: 'b' }, options));
  }

  copyThroughNear(n: number): Promise<void> {
    this.#copied.push(n);
    this.#witness.comesAnyhow(n);
    return this.#ask(n, (options) => this.#near((log) => log.ask('CopyThrough', { n, to: 'b' }, options)));
  }

  async #tell(n: number, tell: (options: SendOptions) => Promise<void>): Promise<void> {
    await this.#untilKnown(() => tell({ messageId: String(n) }));
    this.#fates.set(n, 'told');
  }

  /** Asks under the same id until there is an answer, as whoever has to know does. */
  async #ask(
    n: number | string,
    ask: (options: AskOptions) => Promise<{ readonly seen: readonly number[] }>,
  ): Promise<void> {
    const known = [...this.#fates]
      .filter(([one, fate]) => fate === 'applied' || (fate === 'told' && this.#noted.has(one)))
      .map(([one]) => one);
    const answer = await this.#untilKnown(() => ask({ messageId: String(n), timeoutMs: 6_000 }));
    if (typeof answer !== 'string') this.#answers.push({ seen: answer.seen, known });
    if (typeof n === 'number') this.#fates.set(n, typeof answer === 'string' ? answer : 'applied');
  }

  /** Asks from the process of the node that holds the shard; if that dies meanwhile, nobody hears the answer. */
  #near<T>(ask: (log: ActorRef<(typeof Log)['messages']>) => Promise<T>): Promise<T> {
    const { nodes, clock } = this.cluster;
    const running = nodes.filter(({ state }) => state === 'running');
    const node = running.find(({ shards }) => shards > 0) ?? running[0] ?? nodes[0];
    return new Promise((resolve, reject) => {
      const unknown = () => reject(new ActorError('unavailable', 'nothing is heard of the node'));
      const cancel = clock.schedule(nearPatienceMs, unknown);
      // None comes again once the run is over.
      if (node === undefined) return;
      ask(node.refs.ref(Log, 'a')).then(resolve, reject).finally(cancel);
    });
  }

  async #untilKnown<T>(attempt: () => Promise<T>): Promise<T | 'refused' | 'failed'> {
    this.#awaited++;
    // Once what follows from the answer has been asked.
    const end = () => setImmediate(() => this.#awaited--);
    for (;;) {
      try {
        const result = await attempt();
        end();
        return result;
      } catch (error) {
        if (isActorError(error) && error.retry === 'backoff') continue;
        end();
        return codeOf(error) === 'internal' ? 'failed' : 'refused';
      }
    }
  }
}
