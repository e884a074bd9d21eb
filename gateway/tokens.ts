import { createSecretKey, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { LRUCache } from 'lru-cache';
import { isActorError, type Clock, type ActorError } from '@trolley/runtime';
import { ShopError } from './error-table.ts';

/** The user that a token speaks for. */
export interface User {
  readonly id: number;
  readonly roles: readonly string[];
}

export interface JwtSettings {
  /** Where the public keys of whoever issues the tokens are. With it no secret counts. */
  readonly jwksUrl?: string | undefined;
  /** Shared secret of HS256. */
  readonly secret: string;
  /** Older secrets whose tokens are still taken, while the secret is being changed. */
  readonly previousSecrets?: readonly string[] | undefined;
  /** What `iss` must be. */
  readonly issuer: string;
}

export interface TokenVerifier {
  /**
   * The user of an `Authorization` header; `undefined` when there is none.
   * @throws ActorError `unauthorized`
   */
  userOf(authorization: string): Promise<User | undefined>;
  /** The same where it is known already, since the token was verified before and is still valid. */
  knownUserOf(authorization: string): User | undefined;
}

/** What tokens are checked with. */
export interface TokenKeys {
  /** Pinned: a token must not choose its own algorithm, `none` least of all. */
  readonly algorithms: readonly string[];
  /** What was verified under another one has to be verified anew; `undefined`: so has everything. */
  readonly generation: number | undefined;
  /** @throws what `jwtVerify` does, or an `ActorError` when it can't be told whether the token is valid */
  verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload>;
}

/** What a token was found to say, and the seconds since the epoch from and until which it may be said. */
interface Verified {
  readonly user: User;
  readonly from: number;
  readonly until: number;
  readonly generation: number | undefined;
}

interface VerifierOptions {
  readonly capacity?: number;
  /** Default: the secrets of the settings. */
  readonly keys?: TokenKeys | undefined;
}

/** Longer headers are verified each time, so that the memory of those that are remembered has a bound. */
const longestRemembered = 2048;

/**
 * Verifies a token once and remembers it. A token is remembered only here, beside the keys that have verified it: where
 * a secret is changed there is another verifier, which has to be convinced anew, and where a key has gone, another
 * generation.
 */
export function createTokenVerifier(
  settings: JwtSettings,
  clock: Clock,
  { capacity = 10_000, keys = secretKeys(settings) }: VerifierOptions = {},
): TokenVerifier {
  const remembered = new LRUCache<string, Verified>({ max: capacity });

  function knownUserOf(authorization: string): User | undefined {
    const known = remembered.get(authorization);
    // One that is over is verified like any other, and refused in the same words.
    if (known === undefined || !isValidAt(known, clock.now())) return undefined;
    // Its key may have gone.
    const { generation } = keys;
    return generation !== undefined && known.generation === generation ? known.user : undefined;
  }

  return {
    knownUserOf,
    async userOf(authorization) {
      if (authorization === '') return undefined;
      const known = knownUserOf(authorization);
      if (known !== undefined) return known;
      const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1];
      if (token === undefined) throw refused('the Authorization header holds no bearer token');
      // Of before: what comes while it is verified does not vouch for it.
      const { generation } = keys;
      let payload: JWTPayload;
      try {
        payload = await keys.verify(token, {
          algorithms: [...keys.algorithms],
          issuer: settings.issuer,
          requiredClaims: ['exp'],
          currentDate: new Date(clock.now()),
        });
      } catch (cause) {
        if (isActorError(cause)) throw cause;
        throw refused(reasonOf(cause), cause);
      }
      const user = { id: userIdOf(payload), roles: rolesOf(payload) };
      const { nbf: from = -Infinity, exp: until = -Infinity } = payload;
      if (until === Infinity) throw refused("the token's claim 'exp' is not accepted");
      if (authorization.length <= longestRemembered)
        remembered.set(authorization, { user, from, until, generation });
      return user;
    },
  };
}

/** The secrets of HS256, which are the same for as long as the process runs. */
function secretKeys({ secret, previousSecrets = [] }: JwtSettings): TokenKeys {
  const keys = [secret, ...previousSecrets].map((one) => createSecretKey(Buffer.from(one, 'utf8')));
  return {
    algorithms: ['HS256'],
    generation: 0,
    verify: (token, options) => verifiedWith(keys, token, options),
  };
}

/** As jose has it: in whole seconds, and no more at `until`. */
function isValidAt({ from, until }: Verified, milliseconds: number): boolean {
  const now = Math.floor(milliseconds / 1000);
  return from <= now && now < until;
}

/** By the first key that it is signed with. Of a token that none has signed it is all the same which one says so. */
async function verifiedWith(
  keys: readonly KeyObject[],
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let refusal: unknown;
  for (const key of keys) {
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** A present but wrong `user_id` is not made good by `sub`: nobody should have to guess who is meant. */
function userIdOf(payload: JWTPayload): number {
  const { user_id: userId, sub } = payload as Readonly<Record<string, unknown>>;
  const claim = userId === undefined ? sub : userId;
  const id = typeof claim === 'string' && /^[1-9][0-9]{0,15}$/.test(claim) ? Number(claim) : claim;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) throw refused('the token names no user');
  return id;
}

function rolesOf(payload: JWTPayload): readonly string[] {
  const roles = payload['roles'];
  return Array.isArray(roles) ? roles.filter((role): role is string => typeof role === 'string') : [];
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the token's claim '${error.claim}' is not accepted`;
  return 'the token is not valid';
}

function refused(message: string, cause?: unknown): ActorError {
  return new ShopError('unauthorized', message, { cause, details: { challenge: 'invalid_token' } });
}
