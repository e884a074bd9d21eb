import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import { checkoutIdFor } from '../../actors/checkout/checkout.contract.ts';
import { orderIdFor } from '../../actors/order/order.contract.ts';
import { getCheckout, startCheckout } from '../api/checkout-api.ts';
import { getOrder } from '../api/order-api.ts';
import type { RateLimits } from '../middleware/rate-limits.ts';
import { openTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import type { OpenApiDocument } from './openapi-document.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly example?: string | number;
}

interface ReadOperation {
  readonly operationId: string;
  readonly security: readonly { readonly bearer: readonly string[] }[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly example: unknown } } };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** In an order in which each finds what the ones before have left, and what it is answered with. */
const story: readonly (readonly [operationId: string, status: number])[] = [
  ...(['getHealth', 'getLiveness', 'getReadiness', 'getOpenApi', 'getDocs', 'getDocsFile'] as const).map((id) => [id, 200] as const), // prettier-ignore
  ['listProducts', 200],
  ['getProduct', 200],
  ['createProduct', 201],
  ['changeProduct', 200],
  ['getCart', 200],
  ['addCartItem', 201],
  ['setCartItem', 200],
  ['removeCartItem', 200],
  ['addCartItem', 201],
  ['startCheckout', 201],
  ['startCheckout', 200],
  ['listCheckouts', 200],
  ['getCheckout', 200],
  // It has completed.
  ['cancelCheckout', 409],
  ['listOrders', 200],
  ['getOrder', 200],
  ['setOrderStatus', 200],
  ['cancelOrder', 200],
  ['clearCart', 200],
  ['followEvents', 200],
  ['deleteProduct', 204],
];

describe('the description of the API', () => {
  let open: TestGateway;
  let document: OpenApiDocument;
  const operations = new Map<string, ReadOperation & { readonly method: string; readonly path: string }>();
  before(async () => {
    open = await openTestGateway();
    const served: unknown = (await open.send('GET', '/openapi.json', { as: 'nobody' })).json;
    document = served as OpenApiDocument;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const read = operation as unknown as ReadOperation;
        expect(operations.has(read.operationId), read.operationId).to.equal(false);
        operations.set(read.operationId, { ...read, method: method.toUpperCase(), path });
      }
    }
  });
  after(() => open.close());

  it('is OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect({ valid, errors }).to.deep.equal({ valid: true, errors: undefined });
    expect(document.openapi).to.match(/^3\.1\./);
  });

  it('has examples that work, one after the other, for every operation', async () => {
    for (const [operationId, status] of story) {
      const operation = operations.get(operationId) ?? expect.fail(`no ${operationId}`);
      // The body of a stream has no end.
      const method = operationId === 'followEvents' ? 'HEAD' : operation.method;
      const answer = await open.send(method, pathOf(operation), {
        as: operation.security[0] === undefined ? 'nobody' : operation.security[0].bearer.includes('admin') ? 'admin' : 1, // prettier-ignore
        ...jsonOf(operation),
      });
      expect(answer.status, `${operationId}: ${answer.text.slice(0, 200)}`).to.equal(status);
    }
    expect(new Set(story.map(([id]) => id))).to.deep.equal(new Set(operations.keys()));
  });

  it('names in its examples what the example of a checkout leads to', () => {
    const id = checkoutIdFor(1, startCheckout.example.body.idempotency_key);
    expect(getCheckout.example.params.checkout_id).to.equal(id);
    expect(getOrder.example.params.order_id).to.equal(orderIdFor(id));
  });

  it('tells of each operation who may call it, and what it is refused with', () => {
    const { security, responses } = operations.get('createProduct') ?? expect.fail('no createProduct');
    expect(security).to.deep.equal([{ bearer: ['admin'] }]);
    expect(Object.keys(responses)).to.deep.equal(
      ['201', '400', '401', '403', '408', '409', '413', '415', '429', '431', '500', '501', '503', '504'], // prettier-ignore
    );
    expect(Object.keys(operations.get('getHealth')?.responses ?? {})).to.deep.equal(
      ['200', '400', '408', '431', '500', '504'], // prettier-ignore
    );
  });

  it('is the same for everybody, and is sent once to who keeps it', async () => {
    const { headers, text } = await open.send('GET', '/openapi.json', { as: 'nobody' });
    expect(headers.get('cache-control')).to.equal('no-cache');
    const etag = headers.get('etag') ?? '';
    for (const known of [etag, `"x", W/${etag}`]) {
      const again = await open.send('GET', '/openapi.json', { headers: { 'if-none-match': known } });
      expect([again.status, again.text, again.headers.get('etag')], known).to.deep.equal([304, '', etag]);
    }
    const other = await open.send('GET', '/openapi.json', { headers: { 'if-none-match': '"x"' } });
    expect([other.status, other.text]).to.deep.equal([200, text]);
  });

  it('is asked for no more often than anything else', async () => {
    const limits: RateLimits = { take: async () => ({ allowed: false, retryAfterMs: 1 }) };
    const limited = await openTestGateway({ rateLimits: limits });
    const statusOf = async (path: string) => (await limited.send('GET', path, { as: 'nobody' })).status;
    for (const path of ['/openapi.json', '/docs', '/docs/docs.js'])
      expect(await statusOf(path), path).to.equal(429);
    expect(await statusOf('/health')).to.equal(200);
    await limited.close();
  });

  it('comes with a page of files of its own, under a policy that lets nothing else in', async () => {
    const { headers, text } = await open.send('GET', '/docs', { as: 'nobody' });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy)
      .to.match(/^default-src 'none'; /)
      .and.not.match(/unsafe|https?:/);
    expect(text).not.to.match(/https?:|<script>|style=/);
    const files = [...text.matchAll(/"(\/docs\/[^"]+)"/g)].map(([, file = '']) => file);
    expect(files).to.have.length(4);
    for (const file of files)
      expect((await open.send('GET', file, { as: 'nobody' })).status, file).to.equal(200);
    expect((await open.send('GET', '/docs/package.json', { as: 'nobody' })).status).to.equal(404);
  });
});

function pathOf({ path, parameters }: ReadOperation & { readonly path: string }): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const { name, in: place, example } of parameters) {
    if (example === undefined) continue;
    if (place === 'path') filled = filled.replace(`{${name}}`, String(example));
    if (place === 'query') query.set(name, String(example));
  }
  return query.size === 0 ? filled : `${filled}?${query.toString()}`;
}

function jsonOf({ requestBody }: ReadOperation): { json?: unknown } {
  return requestBody === undefined ? {} : { json: requestBody.content['application/json'].example };
}
