import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { createLogger } from '@trolley/runtime';
import { ShopError } from './error-table.ts';
import { openTestGateway, signToken, tokenFor } from './testing/test-gateway.ts';

describe('the log of requests', () => {
  it('has one line for each, with its ids and without its secrets', async () => {
    const lines = new PassThrough();
    const open = await openTestGateway({ logger: createLogger('info', lines) });
    const token = await tokenFor(5);
    const nextLine = async () => String((await once(lines, 'data'))[0]);
    try {
      await open.send('POST', '/api/v1/cart/items', { as: 5, json: { product_id: 1, quantity: 1 } });
      await nextLine();
      const logged = nextLine();
      await open.send('POST', '/api/v1/checkout?page_token=hidden', {
        as: { token },
        json: { idempotency_key: 'k-secret', shipping_address: { street: 'Elm Street' } },
        headers: { 'x-request-id': 'r-1' },
      });
      const line = await logged;
      const entry = JSON.parse(line) as Record<string, unknown>;
      expect(entry).to.include({
        method: 'POST',
        path: '/api/v1/checkout',
        status: 201,
        requestId: 'r-1',
        userId: 5,
        clientAddress: '127.0.0.1',
      });
      expect(entry).to.have.property('ms').that.is.a('number');
      expect(entry['checkoutId']).to.equal([...open.memory.checkouts.keys()][0]);
      for (const secret of [token, 'k-secret', 'Elm', 'hidden']) expect(line).not.to.contain(secret);
      expect(line.trim().split('\n')).to.have.length(1);
    } finally {
      await open.close();
    }
  });

  it('has nothing of a card, nor is anything of it sent on', async () => {
    const log: string[] = [];
    const open = await openTestGateway({
      logger: createLogger('trace', { write: (line) => void log.push(line) }),
    });
    try {
      await open.send('POST', '/api/v1/cart/items', { json: { product_id: 1, quantity: 1 } });
      const sent = open.actors.asked.length;
      for (const method of ['4111111111111111 12/27 123', 'tok_4111111111111111', '4111-1111-1111-1111']) {
        const json = { idempotency_key: 'k', payment_method: method };
        const answer = await open.send('POST', '/api/v1/checkout?q=4111111111111111', { json });
        expect([answer.status, answer.json['code']]).to.deep.equal([400, 'invalid_payment_method']);
        expect(answer.text).not.to.contain('4111');
        await open.send('POST', '/api/v1/checkout', { body: `${JSON.stringify(json)}}` });
      }
      expect(open.actors.asked).to.have.length(sent);
      expect(log.join(''))
        .to.contain('invalid_payment_method')
        .and.not.to.match(/4111|"k"/);
    } finally {
      await open.close();
    }
  });

  it('has the cause of what was not foreseen', async () => {
    const lines = new PassThrough();
    const open = await openTestGateway({ logger: createLogger('info', lines) });
    try {
      open.actors.answerWith('cart', 'GetCart', () => {
        throw new TypeError('the reason');
      });
      const logged = once(lines, 'data');
      await open.send('GET', '/api/v1/cart');
      const entry = JSON.parse(String((await logged)[0])) as Record<string, unknown>;
      expect(entry).to.include({ status: 500, code: 'internal', level: 'error' });
      expect(JSON.stringify(entry['err'])).to.contain('the reason');
    } finally {
      await open.close();
    }
  });

  it('says why somebody was turned away, and nothing of the token', async () => {
    const lines = new PassThrough({ encoding: 'utf8' });
    const open = await openTestGateway({ logger: createLogger('info', lines) });
    const foreign = await signToken({ secret: 'another secret, of 32 bytes or more' });
    const refusals = [
      [{ token: foreign }, 'the token is not valid: signature verification failed'],
      [
        { token: await signToken({ claims: { exp: 1 } }) },
        'the token has expired: "exp" claim timestamp check failed',
      ],
      [
        { token: await signToken({ claims: { iss: 'somebody' } }) },
        "the token's claim 'iss' is not accepted: unexpected \"iss\" claim value",
      ],
      [{ token: 'no-token' }, 'the token is not valid: Invalid Compact JWS'],
      ['nobody', 'a bearer token is required'],
    ] as const;
    try {
      for (const [as, reason] of refusals) {
        const logged = once(lines, 'data');
        await open.send('GET', '/api/v1/cart', { as });
        const entry = JSON.parse(String((await logged)[0])) as Record<string, unknown>;
        expect(entry).to.include({ level: 'info', status: 401, code: 'unauthorized', reason });
        expect(JSON.stringify(entry)).not.to.contain(foreign);
      }
      const logged = once(lines, 'data');
      await open.send('PATCH', '/api/v1/orders/any/status', { json: { status: 'SHIPPED' } });
      const entry = JSON.parse(String((await logged)[0])) as Record<string, unknown>;
      expect(entry).to.include({ status: 403, reason: "the role 'admin' is required" });
    } finally {
      await open.close();
    }
  });

  it('has one line without a stack for an outage and for a declined payment, and none for probes', async () => {
    const lines = new PassThrough({ encoding: 'utf8' });
    const open = await openTestGateway({
      logger: createLogger('info', lines),
      healthChecks: { redis: async () => Promise.reject(new Error('Connection is closed.')) },
    });
    try {
      for (const path of ['/health', '/health/live', '/health/ready'])
        await open.send('GET', path, { as: 'nobody' });
      await open.send('POST', '/api/v1/cart/items', { json: { product_id: 1, quantity: 1 } });
      const declined = { idempotency_key: 'k', payment_method: 'card_declined' };
      await open.send('POST', '/api/v1/checkout', { json: declined });
      open.actors.answerWith('cart', 'GetCart', () => {
        throw new ShopError('unavailable', 'the mailboxes cannot be reached', {
          cause: new Error('Connection is closed.'),
        });
      });
      await open.send('GET', '/api/v1/cart');
      // The line of a request is written when its answer has left, which its sender may see first.
      await open.close();
      const entries = String(lines.read())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(entries.map(({ level, path, status }) => [level, path, status])).to.deep.equal([
        ['info', '/api/v1/cart/items', 201],
        ['info', '/api/v1/checkout', 201],
        ['warn', '/api/v1/cart', 503],
      ]);
      expect(entries[1]).to.include({ checkout: 'FAILED' });
      expect(entries[2]).to.deep.include({
        err: { code: 'unavailable', reason: 'the mailboxes cannot be reached: there is no connection' },
      });
      expect(entries[2])
        .to.have.property('time')
        .that.matches(/^\d{4}-\d\d-\d\dT.*Z$/);
    } finally {
      await open.close();
    }
  });
});
