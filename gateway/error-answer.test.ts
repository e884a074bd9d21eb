import { expect } from 'chai';
import { ActorError } from '@trolley/runtime';
import { type ErrorCode, errorTable, ShopError } from './error-table.ts';
import { asActorError, errorAnswer } from './error-answer.ts';
import { openTestGateway } from './testing/test-gateway.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

describe('errors over HTTP', () => {
  for (const code of codes) {
    it(`answers ${code} as the table says`, () => {
      const { status, headers, body } = errorAnswer(new ShopError(code, 'a sentence'), 'r-1');
      expect(status).to.equal(errorTable[code].http);
      expect(body).to.include({ code, request_id: 'r-1' });
      expect(body.error === 'a sentence', body.error).to.equal(
        errorTable[code].expose && code !== 'unavailable' && code !== 'deadline_exceeded',
      );
      const needed = {
        401: 'WWW-Authenticate',
        405: 'Allow',
        408: 'Connection',
        429: 'Retry-After',
        503: 'Retry-After',
      }[status];
      expect(Object.keys(headers)).to.deep.equal(needed === undefined ? [] : [needed]);
    });
  }

  it('gives the statuses of the contract', () => {
    const contract: Partial<Record<ErrorCode, number>> = {
      invalid_request: 400,
      invalid_quantity: 400,
      invalid_product_id: 400,
      empty_cart: 400,
      missing_idempotency_key: 400,
      unauthorized: 401,
      forbidden: 403,
      not_found: 404,
      method_not_allowed: 405,
      conflict: 409,
      insufficient_stock: 409,
      cart_full: 409,
      payload_too_large: 413,
      unsupported_media_type: 415,
      rate_limited: 429,
      internal: 500,
      unavailable: 503,
      deadline_exceeded: 504,
    };
    for (const [code, status] of Object.entries(contract))
      expect(errorTable[code as ErrorCode].http, code).to.equal(status);
  });

  for (const code of ['promotion_over', 'constructor']) {
    it(`takes ${code}, which only a newer node knows, for a refusal that stands`, async () => {
      const open = await openTestGateway();
      try {
        open.actors.answerWith('cart', 'ClearCart', () => {
          throw new ActorError(code, 'the promotion is over');
        });
        const { status, json, headers } = await open.send('DELETE', '/api/v1/cart', { isUndocumented: true });
        expect(status).to.equal(409);
        expect(json).to.include({ code, error: 'the promotion is over' });
        expect(headers.has('retry-after')).to.equal(false);
      } finally {
        await open.close();
      }
    });
  }

  it('rounds the wait up to whole seconds, one at least', () => {
    const wait = (retryAfterMs: number) =>
      errorAnswer(new ShopError('rate_limited', 'x', { details: { retryAfterMs } }), 'r').headers;
    expect(wait(1)).to.deep.equal({ 'Retry-After': '1' });
    expect(wait(1001)).to.deep.equal({ 'Retry-After': '2' });
  });

  it('takes a broken connection for a dependency that is down, and what it knows nothing of for internal', () => {
    const failed = (code: string) =>
      asActorError(Object.assign(new Error('connect 10.0.0.1'), { code })).code;
    for (const code of ['ECONNREFUSED', 'ECONNRESET', '57P01', '08006'])
      expect(failed(code), code).to.equal('unavailable');
    for (const thrown of [new Error('x'), 'text', null, undefined, { code: 7 }]) {
      expect(asActorError(thrown).code).to.equal('internal');
    }
  });

  it('tells nothing of an unforeseen error, and goes on serving', async () => {
    const open = await openTestGateway();
    try {
      open.actors.answerWith('cart', 'GetCart', () => {
        throw new TypeError('the secret is 42');
      });
      const { status, text, json } = await open.send('GET', '/api/v1/cart');
      expect(status).to.equal(500);
      expect(json['code']).to.equal('internal');
      expect(text).not.to.match(/secret|stack|\.ts/);
      expect((await open.send('GET', '/api/v1/products')).status).to.equal(200);
    } finally {
      await open.close();
    }
  });

  for (const code of ['unavailable', 'mailbox_full', 'aborted', 'answer_dropped', 'cart_full'] as const) {
    it(`passes an actor's ${code} on`, async () => {
      const open = await openTestGateway();
      try {
        open.actors.answerWith('cart', 'AddItem', () => {
          throw new ShopError(code, 'because of 10.0.0.1');
        });
        const line = { json: { product_id: 1, quantity: 1 } };
        const { status, json, headers } = await open.send('POST', '/api/v1/cart/items', line);
        expect({ status, code: json['code'] }).to.deep.equal({ status: errorTable[code].http, code });
        if (status === 503 || status === 429) expect(headers.get('retry-after')).to.match(/^[1-9][0-9]*$/);
      } finally {
        await open.close();
      }
    });
  }
});
