import type { Clock } from '@trolley/runtime';
import { validTrace } from '@trolley/runtime/adapters';
import { z } from 'zod';
import { ShopError } from '../error-table.ts';
import type { IncomingCall } from '../../actors/services/grpc/incoming-call.ts';
import type { Call } from '../call.ts';
import type { Shedding } from '../middleware/load-shedding.ts';
import { RequestCall } from '../request-call.ts';

export interface FacadeOptions {
  readonly clock: Clock;
  /** Makes ids for calls that bring none. */
  readonly newId: () => string;
  /** How long a caller waits for an answer, unless its own deadline is nearer. */
  readonly requestTimeoutMs: number;
  /** That of the whole process, for all of its ways in; none: nothing is refused. */
  readonly shedding?: Shedding | undefined;
}

/** A gRPC call as the use-cases want it. */
export function callOf(incoming: IncomingCall, { clock, newId, requestTimeoutMs }: FacadeOptions): Call {
  const dueAt = clock.monotonic() + Math.min(requestTimeoutMs, incoming.timeoutMs);
  return new RequestCall(incoming.requestId ?? newId(), validTrace(incoming), {
    end: incoming,
    ...{ clock, dueAt },
  });
}

const PositiveId = z
  .union([
    z.bigint().transform(Number),
    z
      .string()
      .regex(/^[1-9][0-9]*$/)
      .transform(Number),
  ])
  .pipe(z.int().positive());

/** A user id, which the wire has as an int64 in some messages and as text in others. */
export function userIdOf(given: bigint | string): number {
  const parsed = PositiveId.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ShopError('invalid_request', 'user_id: must be a positive integer');
}
