import { Metadata } from '@grpc/grpc-js';
import { expect } from 'chai';
import { failureOf } from '../testing/failure-of.ts';
import { originOf, refuseMalformedUser } from './call-metadata.ts';

const sent = (name: string, ...values: readonly (string | Buffer)[]): Metadata => {
  const metadata = new Metadata();
  for (const value of values) metadata.add(name, value);
  return metadata;
};

describe('refuseMalformedUser', () => {
  const outcome = (metadata: Metadata) =>
    failureOf(Promise.resolve().then(() => refuseMalformedUser(metadata)));

  it('takes one positive integer, or nobody', () => {
    refuseMalformedUser(new Metadata());
    for (const id of ['1', '42', String(Number.MAX_SAFE_INTEGER)]) refuseMalformedUser(sent('user-id', id));
  });

  const malformed = [
    '',
    '0',
    // What HTTP/2 makes of two headers.
    '7, 8',
    '-1',
    '+1',
    '01',
    '1.0',
    '1e3',
    '0x1',
    'bob',
    '1 2',
    '9007199254740992',
    '1'.repeat(200),
  ];
  for (const id of malformed)
    it(`refuses "${id.slice(0, 20)}"`, async () => {
      expect(await outcome(sent('user-id', id))).to.include({
        code: 'invalid_request',
        message: 'metadata user-id: must be one positive integer, in decimal',
      });
    });

  it('refuses a repeated one, also the same', async () => {
    expect((await outcome(sent('user-id', '1', '2'))).code).to.equal('invalid_request');
    expect((await outcome(sent('user-id', '1', '1'))).code).to.equal('invalid_request');
  });

  it('refuses a binary one', async () => {
    expect((await outcome(sent('user-id-bin', Buffer.from('1')))).code).to.equal('invalid_request');
  });
});

describe('originOf', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('reads who calls', () => {
    const metadata = sent('request-id', 'r-1');
    metadata.set('user-id', '7');
    metadata.set('traceparent', traceparent);
    metadata.set('tracestate', 'a=b');
    const trace = { traceparent, tracestate: 'a=b' };
    expect(originOf(metadata)).to.deep.equal({ requestId: 'r-1', userId: '7', ...trace });
  });

  it('goes without a request id or a trace that can stand in no log line', () => {
    for (const name of ['request-id', 'traceparent'])
      expect(originOf(sent(name, 'x'.repeat(129)))).to.deep.equal({
        requestId: undefined,
        userId: undefined,
      });
  });
});
