import type { Clock } from '@trolley/runtime';
import type { ConsoleUser } from './console-users.ts';

const hourMs = 3_600_000;
const longestMs = 12 * hourMs;
const idleMs = hourMs;
const writeModeMs = 15 * 60_000;
const maxSessions = 1_000;

/** Somebody who has signed in. Times are of the monotonic clock. */
export interface Session {
  readonly user: ConsoleUser;
  /** Comes with every write: a page of another site can't know it. */
  readonly csrfToken: string;
  readonly endsAt: number;
  seenAt: number;
  /** Write mode is on until then. */
  writesUntil: number;
}

export interface SessionsOptions {
  readonly clock: Clock;
  /** Text that nobody guesses. */
  readonly newSecret: () => string;
}

/**
 * Who is signed in, in this process: a start forgets it all, and so ends write mode. A session ends 12 hours after the
 * sign-in, and an hour after it was last used. Of more than a thousand, the one that was not used for longest ends.
 */
export class Sessions {
  readonly #clock: Clock;
  readonly #newSecret: () => string;
  /** In the order in which they were used. */
  readonly #byId = new Map<string, Session>();

  constructor({ clock, newSecret }: SessionsOptions) {
    this.#clock = clock;
    this.#newSecret = newSecret;
  }

  open(user: ConsoleUser): { readonly id: string; readonly session: Session } {
    const now = this.#clock.monotonic();
    const id = this.#newSecret();
    const session = {
      user,
      csrfToken: this.#newSecret(),
      endsAt: now + longestMs,
      seenAt: now,
      writesUntil: now,
    };
    this.#byId.set(id, session);
    const [oldest] = this.#byId.keys();
    if (this.#byId.size > maxSessions && oldest !== undefined) this.#byId.delete(oldest);
    return { id, session };
  }

  /** The session of that id, which is used by this. */
  use(id: string): Session | undefined {
    const session = this.#byId.get(id);
    if (session === undefined) return undefined;
    this.#byId.delete(id);
    const now = this.#clock.monotonic();
    if (now >= session.endsAt || now >= session.seenAt + idleMs) return undefined;
    session.seenAt = now;
    this.#byId.set(id, session);
    return session;
  }

  close(id: string): void {
    this.#byId.delete(id);
  }

  /** How long the session may write yet, in milliseconds; 0: it only reads. */
  writesForMs(session: Session): number {
    return Math.max(0, Math.ceil(session.writesUntil - this.#clock.monotonic()));
  }

  setWriteMode(session: Session, on: boolean): void {
    const now = this.#clock.monotonic();
    session.writesUntil = on ? Math.min(now + writeModeMs, session.endsAt) : now;
  }
}
