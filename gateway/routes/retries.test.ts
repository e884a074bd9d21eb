import { expect } from 'chai';
import { HttpConnection } from '../testing/http-connection.ts';
import { openTestGateway, textOf, tokenFor, type Sent, type TestGateway } from '../testing/test-gateway.ts';

const items = '/api/v1/cart/items';
const checkout = '/api/v1/checkout';

/** Requests under an idempotency key, over all routes. */
describe('retries', () => {
  let open: TestGateway;
  beforeEach(async () => {
    open = await openTestGateway();
  });
  afterEach(() => open.close());

  const under = (key: string, method: string, path: string, sent: Sent = {}) =>
    open.send(method, path, { ...sent, headers: { 'idempotency-key': key } });
  const refusalOf = async (answer: ReturnType<typeof under>) => {
    const { status, json } = await answer;
    return `${status} ${textOf(json['code'])}`;
  };
  const reused = '409 idempotency_key_reused';
  const add = { json: { product_id: 2, quantity: 1 } };

  async function ordered(): Promise<string> {
    await open.send('POST', items, add);
    const { json } = await open.send('POST', checkout, { json: { idempotency_key: crypto.randomUUID() } });
    return textOf(json['order_id']);
  }

  it('of a move of an order get the first answer, though the order has gone on', async () => {
    const path = `/api/v1/orders/${await ordered()}/status`;
    const as = 'admin';
    const first = await under('k', 'PATCH', path, { as, json: { status: 'PROCESSING' } });
    expect(first.status).to.equal(200);
    await under('l', 'PATCH', path, { as, json: { status: 'SHIPPED' } });
    const again = await under('k', 'PATCH', path, { as, json: { status: 'PROCESSING' } });
    expect([again.status, again.text]).to.deep.equal([200, first.text]);
    expect(await refusalOf(under('k', 'PATCH', path, { as, json: { status: 'DELIVERED' } }))).to.equal(
      reused,
    );
  });

  it('of a cancelled order and checkout get the first answer', async () => {
    const path = `/api/v1/orders/${await ordered()}/cancel`;
    const first = await under('k', 'POST', path);
    expect([first.status, first.json['status']]).to.deep.equal([200, 'CANCELLED']);
    expect((await under('k', 'POST', path)).text).to.equal(first.text);
    expect(await refusalOf(under('k', 'POST', `/api/v1/orders/${await ordered()}/cancel`))).to.equal(reused);
  });

  it('under the key of another route are refused, and change nothing', async () => {
    const order = await ordered();
    await under('cart', 'POST', items, add);
    await under('order', 'POST', `/api/v1/orders/${order}/cancel`);
    const other = `/api/v1/orders/${await ordered()}`;
    expect(await refusalOf(under('cart', 'POST', `${other}/cancel`))).to.equal(reused);
    expect(await refusalOf(under('order', 'DELETE', '/api/v1/cart'))).to.equal(reused);
    expect(await refusalOf(under('order', 'POST', checkout, { json: {} }))).to.equal(reused);
    expect((await open.send('GET', other)).json['status']).to.equal('CONFIRMED');
  });

  it('are those of one user: another may use the same key', async () => {
    const path = `/api/v1/orders/${await ordered()}`;
    expect((await under('k', 'PATCH', `${path}/status`, { as: { token: await tokenFor(2, ['admin']) }, json: { status: 'PROCESSING' } })).status).to.equal(200); // prettier-ignore
    expect((await under('k', 'POST', `${path}/cancel`)).status).to.equal(200);
  });

  it('of a checkout may bring its key in the header, in the body, or in both', async () => {
    await open.send('POST', items, add);
    const first = await under('h', 'POST', checkout, { json: {} });
    expect([first.status, first.json['status']]).to.deep.equal([201, 'COMPLETED']);
    const again = await under('h', 'POST', checkout, { json: {} });
    expect([again.status, again.text]).to.deep.equal([200, first.text]);
    expect(await refusalOf(under('h', 'POST', checkout, { json: { payment_method: 'card' } }))).to.equal(
      reused,
    );

    await open.send('POST', items, add);
    const both = await under('i', 'POST', checkout, { json: { idempotency_key: 'body' } });
    expect(both.status).to.equal(201);
    expect((await open.send('POST', checkout, { json: { idempotency_key: 'body' } })).text).to.equal(
      both.text,
    );
    expect(await refusalOf(under('i', 'POST', checkout, { json: { idempotency_key: 'other' } }))).to.equal(
      reused,
    );
    expect(await refusalOf(open.send('POST', checkout, { json: {} }))).to.equal(
      '400 missing_idempotency_key',
    );
  });

  it('bring a key of 1 to 255 printable characters', async () => {
    for (const key of ['', 'k'.repeat(256)]) {
      const path = `/api/v1/orders/${crypto.randomUUID()}/cancel`;
      expect(await refusalOf(under(key, 'POST', path)), key).to.equal('400 invalid_idempotency_key');
    }
    expect(open.actors.asked).to.deep.equal([]);
  });

  it('bring their key in one header, which may hold a comma', async () => {
    const connection = await HttpConnection.open(open.gateway.port);
    const token = await tokenFor(1);
    const body = JSON.stringify(add.json);
    const codeOf = async (...keys: string[]) => {
      const lines = ['Host: x', `Authorization: Bearer ${token}`, 'Content-Type: application/json', ...keys];
      connection.send(
        `POST ${items} HTTP/1.1\r\n${lines.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      const answer = await connection.answer();
      return (JSON.parse(answer.body) as { code?: string }).code;
    };
    expect(await codeOf('Idempotency-Key: a', 'idempotency-KEY: b')).to.equal('invalid_idempotency_key');
    expect(open.actors.asked).to.deep.equal([]);
    expect(await codeOf('IDEMPOTENCY-Key: a, b')).to.equal(undefined);
    expect(open.actors.asked[0]?.options).to.include({ idempotencyKey: 'a, b' });
    connection.close();
  });
});
