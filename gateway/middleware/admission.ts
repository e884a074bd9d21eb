import type { ActorError } from '@trolley/runtime';
import type { Access } from '../api/describe-route.ts';
import { ShopError } from '../error-table.ts';
import { senderOf } from '../client-address.ts';
import { asActorError } from '../error-answer.ts';
import type { TokenVerifier, User } from '../tokens.ts';
import type { RateLimits, RateVerdict } from './rate-limits.ts';
import type { GatewayContext } from './request-scope.ts';

export interface AdmissionOptions {
  readonly tokens: TokenVerifier;
  /** None: as many requests as anybody likes. */
  readonly limits: RateLimits | undefined;
  /** Of checkouts, which count here and for `limits`. */
  readonly checkoutLimits: RateLimits | undefined;
}

/** Lets a request in, or throws `unauthorized`, `rate_limited` or `forbidden`. */
export type Admission = (
  ctx: GatewayContext,
  access: Access,
  isCheckout?: boolean,
) => User | undefined | Promise<User | undefined>;

export function createAdmission({ tokens, limits, checkoutLimits }: AdmissionOptions): Admission {
  return (ctx, access, isCheckout = false) => {
    if (access === 'public') return undefined;
    // Most requests are of somebody who was here a moment ago, and wait for no key.
    const user = tokens.knownUserOf(ctx.req.headers.authorization ?? '');
    if (user === undefined) return identified(ctx, access, isCheckout);
    ctx.state.user = user;
    const isFree = limits === undefined && access === 'user';
    return isFree ? user : counted(ctx, { user }, access, isCheckout);
  };

  async function identified(
    ctx: GatewayContext,
    access: Access,
    isCheckout: boolean,
  ): Promise<User | undefined> {
    const sender = await identify(tokens, ctx.get('authorization'));
    ctx.state.user = sender.user;
    return counted(ctx, sender, access, isCheckout);
  }

  async function counted(
    ctx: GatewayContext,
    { user, refusal }: Sender,
    access: Access,
    isCheckout: boolean,
  ): Promise<User | undefined> {
    // A wrong token counts for its sender's address: it must not use up the limit of whom it claims to be.
    const principal = user === undefined ? `address:${senderOf(ctx.state.clientAddress)}` : `user:${user.id}`;
    if (limits !== undefined) enforce(ctx, await limits.take(principal));
    // Whoever has no token starts none.
    if (isCheckout && user !== undefined && checkoutLimits !== undefined)
      enforce(ctx, await checkoutLimits.take(principal));
    if (access === 'anyone') return user;
    if (refusal !== undefined) throw refusal;
    if (user === undefined) throw new ShopError('unauthorized', 'a bearer token is required');
    if (access === 'admin' && !user.roles.includes('admin')) {
      throw new ShopError('forbidden', "the role 'admin' is required");
    }
    return user;
  }
}

/** The answer tells what is left of the limit that was looked at last. */
function enforce(ctx: GatewayContext, verdict: RateVerdict): void {
  if (verdict.allowance !== undefined) ctx.state.allowance = verdict.allowance;
  if (verdict.allowed) return;
  const { retryAfterMs } = verdict;
  throw new ShopError('rate_limited', 'too many requests', { details: { retryAfterMs } });
}

interface Sender {
  readonly user?: User;
  /** Of its token. */
  readonly refusal?: ActorError;
}

async function identify(tokens: TokenVerifier, authorization: string): Promise<Sender> {
  try {
    const user = await tokens.userOf(authorization);
    return user === undefined ? {} : { user };
  } catch (error) {
    return { refusal: asActorError(error) };
  }
}
