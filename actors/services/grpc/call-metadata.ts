import { Metadata } from '@grpc/grpc-js';

/** Who calls, on whose behalf, within which trace: passed on from call to call. */
export interface CallOrigin {
  readonly requestId?: string | undefined;
  readonly userId?: string | undefined;
  readonly traceparent?: string | undefined;
}

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

export function originOf(metadata: Metadata): CallOrigin {
  const read = (name: keyof CallOrigin) => {
    const [value] = metadata.get(keys[name]);
    return typeof value === 'string' && plain.test(value) ? value : undefined;
  };
  return { requestId: read('requestId'), userId: read('userId'), traceparent: read('traceparent') };
}
