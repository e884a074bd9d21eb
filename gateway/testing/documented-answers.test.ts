import { expect } from 'chai';
import { openTestGateway, type Answered, type TestGateway } from './test-gateway.ts';

describe('DocumentedAnswers', () => {
  let open: TestGateway;
  let cart: Answered;
  let refused: Answered;
  before(async () => {
    open = await openTestGateway();
    cart = await open.send('POST', '/api/v1/cart/items', { json: { product_id: 1, quantity: 2 } });
    refused = await open.send('DELETE', '/api/v1/cart/items/9');
  });
  after(() => open.close());

  const inCart = (answer: Partial<Answered>) =>
    open.documented.problems(
      { method: 'GET', path: '/api/v1/cart?x=1' },
      { ...cart, status: 200, ...answer },
    );
  const inRefusal = (answer: Partial<Answered>) =>
    open.documented.problems({ method: 'DELETE', path: '/api/v1/cart/items/9/' }, { ...refused, ...answer });
  const withHeader = ({ headers }: Answered, name: string, value?: string) => {
    const changed = new Headers(headers);
    if (value === undefined) changed.delete(name);
    else changed.set(name, value);
    return { headers: changed };
  };
  const bodyWith = ({ text }: Answered, members: object) => ({
    text: JSON.stringify({ ...(JSON.parse(text) as object), ...members }),
  });

  it('finds nothing in what the gateway says', () => {
    expect(inCart({})).to.deep.equal([]);
    expect(inRefusal({})).to.deep.equal([]);
  });

  it('finds a status, a code and a header that are not described', () => {
    expect(inCart({ status: 206 })).to.deep.equal(['status 206']);
    expect(inRefusal({ status: 410 })).to.deep.equal(['status 410']);
    expect(inRefusal(bodyWith(refused, { code: 'cart_full' })).join()).to.match(
      /\/code must be equal to one of/,
    );
    expect(inCart(withHeader(cart, 'X-Debug', '1'))).to.deep.equal(['header x-debug']);
    expect(inRefusal(withHeader(refused, 'ETag', '"1"'))).to.deep.equal(['header etag']);
  });

  it('finds a header that lacks, or says something else', () => {
    expect(inCart(withHeader(cart, 'ETag'))).to.deep.equal(['no header etag']);
    expect(inCart(withHeader(cart, 'X-Request-Id'))).to.deep.equal(['no header x-request-id']);
    expect(inCart(withHeader(cart, 'ETag', '7')).join()).to.match(/header etag: 7: must match pattern/);
    expect(inCart(withHeader(cart, 'Cache-Control', 'public')).join()).to.match(
      /header cache-control: public/,
    );
    expect(inCart(withHeader(cart, 'X-Frame-Options', 'ALLOW')).join()).to.match(
      /header x-frame-options: ALLOW/,
    );
  });

  it('finds a body that is another than described: with more, with less, of another type', () => {
    expect(inCart(bodyWith(cart, { secret: 1 })).join()).to.match(/additional properties.*secret/);
    expect(inCart(bodyWith(cart, { total_price: undefined })).join()).to.match(
      /required property 'total_price'/,
    );
    expect(inCart(bodyWith(cart, { total_price: '2599.98' })).join()).to.match(
      /\/total_price must be number/,
    );
    expect(inCart(bodyWith(cart, { updated_at: 'today' })).join()).to.match(/\/updated_at must match format/);
    expect(inCart(withHeader(cart, 'Content-Type', 'text/html'))).to.deep.equal(["content type 'text/html'"]);
    expect(inCart({ text: JSON.stringify([]) }).join()).to.match(/must be object/);
  });

  it('makes a test fail that is answered so', async () => {
    const { carts } = open.memory;
    carts.set('5', { ...(carts.get('1') ?? expect.fail('no cart')), userId: 5, updatedAt: 'today' });
    const error: unknown = await open
      .send('GET', '/api/v1/cart', { as: 5 })
      .catch((thrown: unknown) => thrown);
    expect(error)
      .to.be.an('error')
      .with.property('message')
      .that.match(/\/updated_at must match format/);
  });
});
