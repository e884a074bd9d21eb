import type { Mailbox } from '../../mailbox/mailbox.ts';
import { versionOf, type StateStore, type StateWrite } from '../../storage/state-store.ts';

const seenIn = (state: unknown): readonly number[] => (state as { seen: readonly number[] }).seen;
/** Messages that append after others that were accepted behind them. */
const comeLater = new Set(['Copy', 'Later']);
const isPrefix = (one: readonly number[], of: readonly number[]) => one.every((n, i) => of[i] === n);

/** A mailbox's methods apart from the mailbox, for one that differs from it in some. */
export const methodsOf = (mailbox: Mailbox): Mailbox => ({
  send: (...args) => mailbox.send(...args),
  withdraw: (...args) => mailbox.withdraw(...args),
  claim: (...args) => mailbox.claim(...args),
  accept: (...args) => mailbox.accept(...args),
  ack: (...args) => mailbox.ack(...args),
  isEmpty: (...args) => mailbox.isEmpty(...args),
  park: (...args) => mailbox.park(...args),
  noteStart: (...args) => mailbox.noteStart(...args),
  noteReturn: (...args) => mailbox.noteReturn(...args),
  ready: (shard) => mailbox.ready(shard),
  watch: (onWake) => mailbox.watch(onWake),
});

/** The same of a store. */
export const methodsOfStore = (store: StateStore): StateStore => ({
  load: (key) => store.load(key),
  write: (write) => store.write(write),
  unfinished: (...args) => store.unfinished(...args),
});

/** Watches at the servers' door what is accepted there, and notes what must never be. */
export class Witness {
  readonly violations: string[] = [];
  /** Key → what was accepted as its state, in order. */
  readonly #states = new Map<string, { readonly version: number; readonly seen: readonly number[] }>();
  /** Actor → the messages that its mailbox accepted, in order; those sent more than once have no order. */
  readonly #accepted = new Map<string, string[]>();
  readonly #anyhow = new Set<number>();

  /** Between the processes and a mailbox. */
  noting(mailbox: Mailbox): Mailbox {
    return {
      ...methodsOf(mailbox),
      send: async (to, jobId, envelope, notBefore) => {
        await mailbox.send(to, jobId, envelope, notBefore);
        if (notBefore !== undefined) return;
        const accepted = this.#accepted.get(to.key) ?? [];
        const { n } = envelope.input as { n?: number };
        if (n !== undefined && !comeLater.has(envelope.name) && !this.#anyhow.has(n))
          this.#accepted.set(to.key, [...accepted, String(n)]);
      },
    };
  }

  /** Between the processes and a store. */
  watching(store: StateStore): StateStore {
    return {
      ...methodsOfStore(store),
      write: async (write) => {
        const written = await store.write(write);
        if (written) this.#onWritten(write, seenIn(write.record.state));
        return written;
      },
    };
  }

  /** A message that may go through the mailbox, or not. */
  comesAnyhow(n: number): void {
    this.#anyhow.add(n);
  }

  seen(key: string): readonly number[] {
    return this.#states.get(key)?.seen ?? [];
  }

  wasSentOnce(key: string, n: number): boolean {
    return this.#accepted.get(key)?.filter((one) => one === String(n)).length === 1;
  }

  /** What breaks the order in which the mailbox took the messages in. */
  checkOrder(key: string): void {
    const accepted = this.#accepted.get(key) ?? [];
    const once = accepted.filter((n) => accepted.indexOf(n) === accepted.lastIndexOf(n));
    const applied = this.seen(key)
      .map(String)
      .filter((n) => once.includes(n));
    const expected = once.filter((n) => applied.includes(n));
    if (applied.join() !== expected.join()) {
      this.violations.push(`${key}: accepted in the order ${expected.join()}, applied in ${applied.join()}`);
    }
  }

  #onWritten(write: StateWrite, seen: readonly number[]): void {
    const { key, expectedVersion } = write;
    const last = this.#states.get(key) ?? { version: 0, seen: [] };
    if (expectedVersion !== last.version) {
      this.violations.push(`${key}: a second write from version ${expectedVersion} was accepted`);
    }
    if (!isPrefix(last.seen, seen)) {
      this.violations.push(`${key}: [${seen.join()}] was written over [${last.seen.join()}]`);
    }
    if (new Set(seen).size !== seen.length) {
      this.violations.push(`${key}: something was applied twice: [${seen.join()}]`);
    }
    this.#states.set(key, { version: versionOf(write), seen });
  }
}
