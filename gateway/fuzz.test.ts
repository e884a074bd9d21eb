import { expect } from 'chai';
import fc from 'fast-check';
import { request } from 'node:http';
import type { GivenAnswer } from './testing/documented-answers.ts';
import { openTestGateway, tokenFor, type TestGateway } from './testing/test-gateway.ts';

interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK'];
const known = [
  'api',
  'v1',
  'products',
  'cart',
  'items',
  'checkout',
  'cancel',
  'orders',
  'status',
  'health',
  'ready',
];
const nasty = [
  '..',
  '%00',
  '%ff',
  '%2e%2e',
  '__proto__',
  'constructor',
  '-1',
  '1e3',
  '9'.repeat(30),
  '%',
  ';',
  '1',
  '',
];

// What node:http lets out; the rest never reaches a server as a request.
const headerText = fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\x20-\x7e\x80-\xff]/g, ''));
const urlText = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => encodeURIComponent(text));

const path = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...known), fc.constantFrom(...nasty), urlText), { maxLength: 6 })
    .map((parts) => `/${parts.join('/')}`),
  fc.tuple(
    fc.constantFrom('products', 'cart/items', 'checkout', 'orders').map((name) => `/api/v1/${name}/`),
    fc.oneof(fc.constantFrom(...nasty), urlText, fc.uuid()),
    fc.constantFrom('', '/cancel', '/status'),
  ).map((parts) => parts.join('')), // prettier-ignore
  fc.constantFrom(
    '/api/v1/products',
    '/api/v1/cart',
    '/api/v1/cart/items',
    '/api/v1/checkout',
    '/api/v1/orders',
  ),
);
const query = fc.option(
  fc.dictionary(fc.constantFrom('page_size', 'page_token', 'q', '__proto__'), urlText),
  { nil: {} },
);
const names = [
  'product_id',
  'quantity',
  'idempotency_key',
  'shipping_address',
  'payment_method',
  'status',
  '__proto__',
];
const value = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.jsonValue(),
  fc.constant('SHIPPED'),
);
const body = fc.option(
  fc.oneof(
    fc.dictionary(fc.constantFrom(...names), value).map((fields) => JSON.stringify(fields)),
    fc.jsonValue().map((json) => JSON.stringify(json)),
    fc.string({ unit: 'binary' }),
  ),
  { nil: undefined },
);
const headers = fc.dictionary(
  fc.constantFrom('content-type', 'idempotency-key', 'x-request-id', 'traceparent', 'content-encoding', 'accept', 'origin', 'expect', 'cookie', 'if-match'),
  fc.oneof(headerText, fc.constantFrom('application/json', 'gzip', 'text/html;;', 'application/json;charset=x')),
); // prettier-ignore

const shot: fc.Arbitrary<Shot> = fc
  .tuple(fc.constantFrom(...methods), path, query, headers, body)
  .map(([method, base, parameters, given, text]) => {
    const search = Object.entries(parameters).map(([name, each]) => `${name}=${each}`);
    return {
      method,
      path: search.length === 0 ? base : `${base}?${search.join('&')}`,
      headers: { 'content-type': 'application/json', ...given },
      body: text,
    };
  });

describe('the gateway', () => {
  let open: TestGateway;
  let token: string;
  before(async () => {
    open = await openTestGateway();
    token = await tokenFor(1, ['admin']);
  });
  after(() => open.close());

  it('answers nothing with 5xx, every refusal in the one form, and all as it says that it does', async () => {
    await fc.assert(
      fc.asyncProperty(shot, fc.boolean(), async (given, withToken) => {
        const authorization = { authorization: withToken ? `Bearer ${token}` : 'Bearer no.such.token' };
        const answer = await fire(open.gateway.port, {
          ...given,
          headers: { ...given.headers, ...authorization },
        });
        const { status, text } = answer;
        expect(status, text).to.be.within(200, 499);
        open.documented.check(given, answer);
        if (status >= 400 && given.method !== 'HEAD') {
          expect(JSON.parse(text)).to.have.keys('error', 'code', 'request_id');
        }
      }),
      { numRuns: 600 },
    );
  });
});

// Not fetch: it would normalise the very paths that are of interest.
function fire(port: number, { method, path: target, headers: sent, body: text }: Shot) {
  return new Promise<GivenAnswer>((resolve, reject) => {
    // Node frames the body of a GET only when told its length.
    const length = text === undefined ? {} : { 'content-length': Buffer.byteLength(text) };
    const options = { port, method, path: target, headers: { ...sent, ...length }, host: '127.0.0.1' };
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(
            Object.entries(response.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
          ),
          text: Buffer.concat(chunks).toString(),
        }),
      );
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
