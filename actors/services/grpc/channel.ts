import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { ActorError } from '@trolley/runtime';
import { RpcError } from './rpc-error.ts';
import type { ServiceCall } from '../service-call.ts';
import type { UnaryMethod } from './unary-method.ts';

/** The way to the server of a service. */
export interface Channel {
  /** Rejects with an `ActorError`, after `timeoutMs` at the latest. */
  call<Request, Response>(
    method: UnaryMethod<Request, Response>,
    request: Request,
    timeoutMs: number,
    context: ServiceCall,
  ): Promise<Response>;
  /** Takes no more calls. */
  close(): void;
}

/** In the details of an error: its caller has stopped waiting, which says nothing of the far side. */
export const cancelledByCaller = { cancelled: true };

export function cancelled(when: string, cause?: unknown): ActorError {
  return new RpcError('deadline_exceeded', `the call was cancelled ${when}`, {
    cause,
    details: cancelledByCaller,
  });
}

/** A status as grpc-js hands it to a caller. */
export function serviceError(
  code: status,
  details: string,
  metadata: Metadata = new Metadata(),
): ServiceError {
  return Object.assign(new Error(`${code} ${status[code]}: ${details}`), { code, details, metadata });
}
