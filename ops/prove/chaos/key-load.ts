import { type ActorRefs, isActorError, pause, systemClock } from '@trolley/runtime';
import type { AskWatch } from './ask-watch.ts';
import {
  copyName,
  keyName,
  messagesOf,
  type ClientOptions,
  type KeyProblem,
  type Tally,
} from './cluster-messages.ts';
import { Ledger } from './ledger.ts';
import { createSeededRandom } from './seeded-random.ts';

/** After which the same message, under the same id, is the only right thing to send. */
const repeatable = new Set(['deadline_exceeded', 'unavailable', 'mailbox_full', 'aborted']);
const longestPauseMs = 300;

/**
 * Asks many keys at once and each key one message at a time: n + 1 only when n was answered, and n again, under
 * its own id, until it is.
 */
export class KeyLoad {
  readonly problems: KeyProblem[] = [];
  readonly #options: ClientOptions;
  readonly #refs: ActorRefs;
  readonly #watch: AskWatch;
  readonly #random;
  /** Keys with nothing under way, by number, with the number of their next message. */
  readonly #ready: { key: number; next: number }[] = [];
  #nextAt = 0;
  #share = 1;
  #tally = { acknowledged: 0, timeouts: 0, unavailable: 0, repeated: 0, slowestMs: 0 };

  constructor(options: ClientOptions, refs: ActorRefs, watch: AskWatch) {
    this.#options = options;
    this.#refs = refs;
    this.#watch = watch;
    this.#random = createSeededRandom(options.seed + options.index);
    for (let key = options.index; key < options.keys; key += options.clients) {
      if (messagesOf(key, options.keys, options.messages) > 0) this.#ready.push({ key, next: 1 });
    }
  }

  get tally(): Tally {
    return this.#tally;
  }

  /** Goes on with this part of the rate. */
  pace(share: number): void {
    this.#share = share;
  }

  /** Resolves when every message of every key is answered, or its key is given up. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.inFlight }, () => this.#askInTurn()));
  }

  async #askInTurn(): Promise<void> {
    const { keys, messages } = this.#options;
    for (let one = this.#takeKey(); one !== undefined; one = this.#takeKey()) {
      await this.#keepPace();
      const answered = await this.#askUntilAnswered(one.key, one.next);
      if (answered && one.next < messagesOf(one.key, keys, messages)) {
        this.#ready.push({ key: one.key, next: one.next + 1 });
      }
    }
  }

  #takeKey() {
    const last = this.#ready.length - 1;
    if (last < 0) return undefined;
    const at = this.#random.between(0, last);
    const [chosen, moved] = [this.#ready[at], this.#ready[last]];
    if (moved !== undefined) this.#ready[at] = moved;
    this.#ready.pop();
    return chosen;
  }

  async #keepPace(): Promise<void> {
    const now = performance.now();
    const waitMs = this.#nextAt - now;
    this.#nextAt = Math.max(now, this.#nextAt) + 1_000 / (this.#options.ratePerSecond * this.#share);
    if (waitMs > 1) await pause(systemClock, waitMs);
  }

  async #askUntilAnswered(number: number, n: number): Promise<boolean> {
    const key = keyName(number);
    const copyTo = copyName(number);
    const { giveUpMs, askTimeoutMs: timeoutMs } = this.#options;
    const watched = this.#watch.begin();
    const startedAt = performance.now();
    const ref = this.#refs.ref(Ledger, key);
    for (;;) {
      try {
        const answer = await ref.append({ n, copyTo }, { messageId: `${key}-${n}`, timeoutMs });
        this.#tally.acknowledged++;
        this.#tally.slowestMs = Math.max(this.#tally.slowestMs, performance.now() - startedAt);
        watched.answered(key, answer.node);
        if (answer.count !== n) this.#note('answers', key, n, `count ${n}`, `count ${answer.count}`);
        return true;
      } catch (error) {
        watched.failed();
        const code = isActorError(error) ? error.code : String(error);
        if (!repeatable.has(code))
          return this.#giveUp(watched, 'answers', key, n, `${code}: ${String(error)}`);
        if (code === 'deadline_exceeded') this.#tally.timeouts++;
        else this.#tally.unavailable++;
        const tookMs = performance.now() - startedAt;
        if (tookMs > giveUpMs) {
          return this.#giveUp(watched, 'stuck', key, n, `${code} after ${Math.round(tookMs)} ms`);
        }
        this.#tally.repeated++;
        await pause(systemClock, 20 + this.#random.between(0, longestPauseMs));
      }
    }
  }

  #giveUp(
    watched: { ended(): void },
    check: KeyProblem['check'],
    key: string,
    n: number,
    found: string,
  ): false {
    watched.ended();
    this.#note(check, key, n - 1, `an answer to message ${n}`, found);
    return false;
  }

  #note(
    check: KeyProblem['check'],
    key: string,
    acknowledged: number,
    expected: string,
    found: string,
  ): void {
    this.problems.push({ check, key, acknowledged, expected, found });
  }
}
