import { createHmac } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { LRUCache } from 'lru-cache';
import { ActorError, type Clock } from '@trolley/runtime';
import type { ConsoleUser } from './console-users.ts';

/** What bcrypt looks at; it would take any longer password for one that begins like it. */
export const maxPasswordBytes = 72;
const maxWaiting = 16;
const rememberedMs = 5 * 60_000;

export interface PasswordsOptions {
  readonly users: readonly ConsoleUser[];
  readonly clock: Clock;
  /** Text that nobody guesses. */
  readonly newSecret: () => string;
  /** Default: bcrypt's. */
  readonly compare?: (password: string, hash: string) => Promise<boolean>;
}

/**
 * Checks names and passwords, one at a time: a check is meant to be slow, and the process has other things to do. An
 * unknown name costs as much as a known one, so that the time does not tell which names there are.
 */
export class Passwords {
  readonly #users: ReadonlyMap<string, ConsoleUser>;
  readonly #compare: (password: string, hash: string) => Promise<boolean>;
  readonly #decoy: string;
  /** Who brings a password with every request is looked up by a fingerprint of both, that only this process can make. */
  readonly #right: LRUCache<string, ConsoleUser>;
  readonly #key: string;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor({ users, clock, newSecret, compare = bcrypt.compare }: PasswordsOptions) {
    this.#users = new Map(users.map((user) => [user.name, user]));
    this.#compare = compare;
    this.#decoy = decoyFor(users);
    this.#key = newSecret();
    // The library takes a time of 0 for none at all.
    const perf = { now: () => clock.monotonic() + 1 };
    this.#right = new LRUCache({ max: 100, ttl: rememberedMs, ttlResolution: 0, perf });
  }

  /**
   * The user of that name and password. Undefined: there is none.
   * @throws ActorError `rate_limited` where too many wait
   */
  async check(name: string, password: string): Promise<ConsoleUser | undefined> {
    if (this.#waiting >= maxWaiting)
      throw new ActorError('rate_limited', 'too many are signing in at once, try again in a moment');
    this.#waiting += 1;
    const user = this.#users.get(name);
    const compared = this.#last.then(() => this.#compare(password, user?.hash ?? this.#decoy));
    this.#last = compared.catch(() => undefined).finally(() => (this.#waiting -= 1));
    const matches = await compared;
    return matches && Buffer.byteLength(password) <= maxPasswordBytes ? user : undefined;
  }

  /** The same for a caller that brings both again and again: what was right is known for five minutes. */
  async checkAgain(name: string, password: string): Promise<ConsoleUser | undefined> {
    const fingerprint = createHmac('sha256', this.#key)
      .update(JSON.stringify([name, password]))
      .digest('base64url');
    const known = this.#right.get(fingerprint);
    if (known !== undefined) return known;
    const user = await this.check(name, password);
    if (user !== undefined) this.#right.set(fingerprint, user);
    return user;
  }
}

/** A hash that no password is known for, as slow as the slowest. */
function decoyFor(users: readonly ConsoleUser[]): string {
  const costs = users.map(({ hash }) => hash.slice(4, 6)).sort();
  return `$2b$${costs.at(-1) ?? '10'}$${'.'.repeat(53)}`;
}
