import { Metadata } from '@grpc/grpc-js';
import { RpcError } from './rpc-error.ts';
import type { ServiceCall } from '../service-call.ts';

/** What of a call travels in its metadata. The deadline has a place of its own in the protocol. */
type CallOrigin = Pick<ServiceCall, 'requestId' | 'userId' | 'traceparent'>;

const keys = { requestId: 'request-id', userId: 'user-id', traceparent: 'traceparent' } as const;

// What is not plain text would make grpc-js throw on the way out and spoil a log line on the way in.
const plain = /^[\x20-\x7e]{1,128}$/;

export function metadataOf(origin: CallOrigin): Metadata {
  const metadata = new Metadata();
  for (const name of ['requestId', 'userId', 'traceparent'] as const) {
    const value = origin[name];
    if (value !== undefined && plain.test(value)) metadata.set(keys[name], value);
  }
  return metadata;
}

/** A request id or trace that is not plain text is as good as none: the call counts, and is followed by ids of ours. */
export function originOf(metadata: Metadata): CallOrigin {
  const read = (name: keyof CallOrigin) => {
    const [value] = metadata.get(keys[name]);
    return typeof value === 'string' && plain.test(value) ? value : undefined;
  };
  return { requestId: read('requestId'), userId: read('userId'), traceparent: read('traceparent') };
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
