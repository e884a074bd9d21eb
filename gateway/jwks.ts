import {
  createLocalJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyOptions,
} from 'jose';
import type { Clock, Logger } from '@trolley/runtime';
import { ShopError } from './error-table.ts';
import { fetchJwks } from './fetch-jwks.ts';
import type { TokenKeys } from './tokens.ts';

interface Held {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly text: string;
  readonly fetchedAt: number;
}

/** From this age on keys are asked for again, behind the backs of who uses them. So long a withdrawn key may count. */
const renewMs = 5 * 60_000;
/** Keys that were not to be had again for so long count no more. */
const maxAgeMs = 60 * 60_000;
/** For the sake of a token whose key is not known, keys are asked for once in so long. */
const unknownKeyMs = 10_000;
/** After a failure nobody asks for so long. */
const retryMs = 1_000;

export interface JwksOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The public keys of whoever issues the tokens, asked for as they are needed, and kept. */
export class Jwks implements TokenKeys {
  readonly algorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];
  readonly #options: JwksOptions;
  #held: Held | undefined;
  #generation = 0;
  #fetching: Promise<Held> | undefined;
  #failedAt = -Infinity;
  #unknownAt = -Infinity;

  constructor(options: JwksOptions) {
    this.#options = options;
  }

  /** Another one as soon as a key has come or gone; `undefined` while no keys are to be trusted. */
  get generation(): number | undefined {
    const held = this.#held;
    if (held === undefined || this.#isOver(held)) return undefined;
    if (this.#now() - held.fetchedAt >= renewMs) this.#renew();
    return this.#generation;
  }

  /** @throws ActorError `unavailable` when the keys are not to be had; else as `jwtVerify` */
  async verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    const held = await this.#current();
    try {
      return await verifiedBy(held, token, options);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const now = this.#now();
      if (now - this.#unknownAt < unknownKeyMs) throw error;
      this.#unknownAt = now;
      return verifiedBy(await this.#fetch(), token, options);
    }
  }

  async #current(): Promise<Held> {
    const held = this.#held;
    if (held === undefined || this.#isOver(held)) return this.#fetch();
    if (this.#now() - held.fetchedAt >= renewMs) this.#renew();
    return held;
  }

  #renew(): void {
    // What went wrong is in the log, and what is held still counts for a while.
    if (this.#now() - this.#failedAt >= retryMs) this.#fetch().catch(() => undefined);
  }

  /** One question at a time, whoever asks. */
  #fetch(): Promise<Held> {
    if (this.#now() - this.#failedAt < retryMs) return Promise.reject(unavailable());
    this.#fetching ??= this.#fetched().finally(() => (this.#fetching = undefined));
    return this.#fetching;
  }

  async #fetched(): Promise<Held> {
    const { url, logger } = this.#options;
    try {
      const fetchedAt = this.#now();
      const keys = publicKeysOf(await fetchJwks(url));
      const text = JSON.stringify(keys);
      if (text !== this.#held?.text) this.#generation += 1;
      this.#held = { find: createLocalJWKSet(keys), text, fetchedAt };
      return this.#held;
    } catch (err) {
      this.#failedAt = this.#now();
      logger.warn({ err, url }, 'the keys of tokens are not to be had');
      throw unavailable(err);
    }
  }

  #isOver({ fetchedAt }: Held): boolean {
    return this.#now() - fetchedAt >= maxAgeMs;
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}

/** By any key that fits, where a token does not say which. */
async function verifiedBy({ find }: Held, token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, find, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (refusal) {
        if (!(refusal instanceof errors.JWSSignatureVerificationFailed)) throw refusal;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** A shared secret among them could be used by who has read it here. */
function publicKeysOf({ keys }: JSONWebKeySet): JSONWebKeySet {
  return { keys: keys.filter(({ kty, use }) => kty !== 'oct' && (use === undefined || use === 'sig')) };
}

function unavailable(cause?: unknown) {
  return new ShopError('unavailable', 'the keys of tokens are not to be had', { cause });
}
