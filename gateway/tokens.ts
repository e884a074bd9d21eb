import { createSecretKey } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';
import type { Clock } from '../runtime/define/clock.ts';
import { TrolleyError } from '../runtime/define/errors.ts';

/** The user that a token speaks for. */
export interface User {
  readonly id: number;
  readonly roles: readonly string[];
}

export interface JwtSettings {
  /** Shared secret of HS256. */
  readonly secret: string;
  /** What `iss` must be. */
  readonly issuer: string;
}

export interface TokenVerifier {
  /**
   * The user of an `Authorization` header; `undefined` when there is none.
   * @throws TrolleyError `unauthorized`
   */
  userOf(authorization: string): Promise<User | undefined>;
}

export function createTokenVerifier(settings: JwtSettings, clock: Clock): TokenVerifier {
  const key = createSecretKey(Buffer.from(settings.secret, 'utf8'));
  return {
    async userOf(authorization) {
      if (authorization === '') return undefined;
      const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization)?.[1];
      if (token === undefined) throw refused('the Authorization header holds no bearer token');
      let payload: JWTPayload;
      try {
        // Pinned: a token must not choose its own algorithm, `none` least of all.
        const verified = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          issuer: settings.issuer,
          requiredClaims: ['exp'],
          currentDate: new Date(clock.now()),
        });
        payload = verified.payload;
      } catch (cause) {
        throw refused(reasonOf(cause), cause);
      }
      return { id: userIdOf(payload), roles: rolesOf(payload) };
    },
  };
}

/** A present but wrong `user_id` is not made good by `sub`: nobody should have to guess who is meant. */
function userIdOf(payload: JWTPayload): number {
  const { user_id: claim, sub } = payload as JWTPayload & { user_id?: unknown };
  const id = claim === undefined && /^[1-9][0-9]{0,15}$/.test(sub ?? '') ? Number(sub) : claim;
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

function refused(message: string, cause?: unknown): TrolleyError {
  return new TrolleyError('unauthorized', message, { cause, details: { challenge: 'invalid_token' } });
}
