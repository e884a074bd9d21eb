import { Metadata } from '@grpc/grpc-js';
import { validTrace } from '@trolley/runtime/adapters';
import { RpcError } from './rpc-error.ts';
import type { ServiceCall } from '../service-call.ts';

/** What of a call travels in its metadata. The deadline has a place of its own in the protocol. */
type CallOrigin = Pick<ServiceCall, 'requestId' | 'userId' | 'traceparent' | 'tracestate'>;

const keys = { requestId: 'request-id', userId: 'user-id' } as const;

// What is not plain text would make grpc-js throw on the way out and spoil a log line on the way in.
const plain = /^[\x20-\x7e]{1,128}$/;

/** The key of a change, which is never left out: without it the change would be made twice. */
const idempotencyKey = 'idempotency-key';
const printable = /^[\x20-\x7e]{1,512}$/;

export function metadataOf(origin: CallOrigin & Pick<ServiceCall, 'idempotencyKey'>): Metadata {
  const metadata = new Metadata();
  for (const name of ['requestId', 'userId'] as const) {
    const value = origin[name];
    if (value !== undefined && plain.test(value)) metadata.set(keys[name], value);
  }
  const key = origin.idempotencyKey;
  if (key !== undefined) {
    if (!printable.test(key)) throw new RpcError('invalid_request', 'an idempotency key is printable text');
    metadata.set(idempotencyKey, key);
  }
  if (origin.traceparent === undefined) return metadata;
  for (const [key, value] of Object.entries(validTrace(origin))) metadata.set(key, value as string);
  return metadata;
}

export function idempotencyKeyOf(metadata: Metadata): string | undefined {
  return metadata.get(idempotencyKey)[0]?.toString();
}

/** A request id or trace that is not plain text is as good as none: the call counts, and is followed by ids of ours. */
export function originOf(metadata: Metadata): CallOrigin {
  const read = (key: string) => {
    const [value] = metadata.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const readPlain = (key: string) => {
    const value = read(key);
    return value !== undefined && plain.test(value) ? value : undefined;
  };
  const traceparent = read('traceparent');
  return {
    requestId: readPlain(keys.requestId),
    userId: readPlain(keys.userId),
    ...(traceparent === undefined ? {} : validTrace({ traceparent, tracestate: read('tracestate') })),
  };
}

/**
 * A user that is none must not pass for a call on nobody's behalf, which may see more.
 *
 * @throws ActorError `invalid_request`
 */
export function refuseMalformedUser(metadata: Metadata): void {
  const given = [...metadata.get(keys.userId), ...metadata.get(`${keys.userId}-bin`)];
  if (given.length === 0) return;
  const [id] = given;
  const wellFormed =
    typeof id === 'string' && /^[1-9][0-9]{0,15}$/.test(id) && Number.isSafeInteger(Number(id));
  if (given.length === 1 && wellFormed) return;
  throw new RpcError('invalid_request', 'metadata user-id: must be one positive integer, in decimal');
}
