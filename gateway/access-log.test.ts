import { expect } from 'chai';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { createLogger } from '../runtime/observe/logger.ts';
import { openTestGateway, tokenFor } from './testing/test-gateway.ts';

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
      expect(entry).to.include({ status: 500, code: 'internal', level: 50 });
      expect(JSON.stringify(entry['err'])).to.contain('the reason');
    } finally {
      await open.close();
    }
  });
});
