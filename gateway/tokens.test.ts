import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { codeOf, systemClock } from '@trolley/runtime';
import { openTestGateway, signToken, testJwt, tokenFor, type TestGateway } from './testing/test-gateway.ts';
import { createTokenVerifier } from './tokens.ts';

const now = Math.floor(Date.now() / 1000);
// Time stands still, however late in a long run this is tested.
const verifier = createTokenVerifier(testJwt, { ...systemClock, now: () => now * 1000 });
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = (alg: string) =>
  `${base64({ alg })}.${base64({ iss: testJwt.issuer, exp: now + 60, user_id: 1 })}.`;
const usual = `{"iss":"${testJwt.issuer}","exp":${now + 60},"user_id":1}`;
/** With this in its header, and exactly this payload. */
function signed(head: object, payload = usual, secret = testJwt.secret): string {
  const text = `${base64({ alg: 'HS256', ...head })}.${Buffer.from(payload).toString('base64url')}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

describe('createTokenVerifier', () => {
  it('takes what is signed with its secret and says no more than that', async () => {
    expect(await verifier.userOf(`Bearer ${signed({})}`)).to.deep.equal({ id: 1, roles: [] });
  });

  it('reads the user and the roles', async () => {
    const token = await tokenFor(7, ['admin', 'buyer']);
    for (const scheme of ['Bearer', 'bearer', 'BEARER ']) {
      expect(await verifier.userOf(`${scheme} ${token}`)).to.deep.equal({ id: 7, roles: ['admin', 'buyer'] });
    }
  });

  it('takes a numeric sub where there is no user_id', async () => {
    const token = await signToken({ claims: { user_id: undefined, sub: '42' } });
    expect(await verifier.userOf(`Bearer ${token}`)).to.deep.equal({ id: 42, roles: [] });
  });

  it('takes either claim as a number or as decimal digits', async () => {
    for (const claim of [42, '42']) {
      for (const claims of [{ user_id: claim }, { user_id: undefined, sub: claim }]) {
        const token = await signToken({ claims });
        expect(await verifier.userOf(`Bearer ${token}`), JSON.stringify(claims)).to.deep.equal({
          id: 42,
          roles: [],
        });
      }
    }
  });

  it('takes tokens of older secrets as long as these are named, and only as they are', async () => {
    const previousSecrets = ['an older secret of 32 bytes or more!', 'the oldest secret of 32 bytes or more'];
    const rotating = createTokenVerifier({ ...testJwt, previousSecrets }, systemClock);
    for (const secret of [testJwt.secret, ...previousSecrets]) {
      const token = await signToken({ secret, claims: { user_id: 5 } });
      expect(await rotating.userOf(`Bearer ${token}`)).to.deep.equal({ id: 5, roles: [] });
      const expired = await signToken({ secret, claims: { exp: now - 60 } });
      const refusal: unknown = await rotating.userOf(`Bearer ${expired}`).catch((reason: unknown) => reason);
      expect(String(refusal)).to.contain('expired');
    }
    const forged = await signToken({ secret: 'another secret of 32 bytes or more!!' });
    const refusal: unknown = await rotating.userOf(`Bearer ${forged}`).catch((reason: unknown) => reason);
    expect(codeOf(refusal)).to.equal('unauthorized');
  });

  it('takes roles that are no list of texts for none', async () => {
    const token = await signToken({ claims: { roles: 'admin' } });
    expect(await verifier.userOf(`Bearer ${token}`)).to.deep.equal({ id: 1, roles: [] });
  });

  it('takes no header for nobody', async () => {
    expect(await verifier.userOf('')).to.equal(undefined);
  });

  const refusals: Record<string, () => Promise<string>> = {
    'no bearer': async () => 'Basic dXNlcjpwYXNz',
    'no token': async () => 'Bearer ',
    'no JWT': async () => 'Bearer abc',
    'a tampered payload': async () => {
      const [head, , signature] = (await tokenFor(1)).split('.');
      return `Bearer ${head}.${base64({ iss: testJwt.issuer, exp: now + 60, user_id: 2 })}.${signature}`;
    },
    'alg none': async () => `Bearer ${unsigned('none')}`,
    'alg None': async () => `Bearer ${unsigned('None')}`,
    'HS512 with the right secret': async () => `Bearer ${await signToken({ algorithm: 'HS512' })}`,
    'another secret': async () =>
      `Bearer ${await signToken({ secret: 'another secret of 32 bytes or more!!' })}`,
    'another issuer': async () => `Bearer ${await signToken({ claims: { iss: 'someone else' } })}`,
    'no issuer': async () => `Bearer ${await signToken({ claims: { iss: undefined } })}`,
    expired: async () => `Bearer ${await signToken({ claims: { exp: now - 1 } })}`,
    'no expiry': async () => `Bearer ${await signToken({ claims: { exp: undefined } })}`,
    'no end': async () => `Bearer ${signed({}, `{"iss":"${testJwt.issuer}","exp":1e999,"user_id":1}`)}`,
    'what it says has to be understood': async () => `Bearer ${signed({ crit: ['x'], x: 1 })}`,
    'a payload that is not encoded': async () => `Bearer ${signed({ crit: ['b64'], b64: false })}`,
    'a key of its own': async () =>
      `Bearer ${signed({ jwk: { kty: 'oct', k: Buffer.from('x').toString('base64url') } }, usual, 'x')}`,
    'not valid yet': async () => `Bearer ${await signToken({ claims: { nbf: now + 60 } })}`,
    'no user': async () => `Bearer ${await signToken({ claims: { user_id: undefined } })}`,
    'a user in words': async () => `Bearer ${await signToken({ claims: { user_id: 'me', sub: '1' } })}`,
    'a sub in words': async () => `Bearer ${await signToken({ claims: { user_id: undefined, sub: 'me' } })}`,
    ...Object.fromEntries(
      [[1], ['1'], { id: 1 }, true, null, '', ' 1', '1 ', '01', '+1', '1e3', '0x1', '1.0', '１', '9'.repeat(16), 'NaN'].flatMap(
        (wrong): [string, () => Promise<string>][] => [
          [`user_id ${JSON.stringify(wrong)}`, async () => `Bearer ${await signToken({ claims: { user_id: wrong, sub: '1' } })}`],
          [`sub ${JSON.stringify(wrong)}`, async () => `Bearer ${await signToken({ claims: { user_id: undefined, sub: wrong } })}`],
        ],
      ), // prettier-ignore
    ),
    'user 0': async () => `Bearer ${await signToken({ claims: { user_id: 0 } })}`,
    'user -1': async () => `Bearer ${await signToken({ claims: { user_id: -1 } })}`,
    'user 1.5': async () => `Bearer ${await signToken({ claims: { user_id: 1.5 } })}`,
    'a user beyond all numbers': async () => `Bearer ${await signToken({ claims: { user_id: 2 ** 60 } })}`,
  };
  for (const [what, authorization] of Object.entries(refusals)) {
    it(`refuses ${what}`, async () => {
      const error: unknown = await verifier.userOf(await authorization()).then(
        (user) => expect.fail(`let ${JSON.stringify(user)} in`),
        (reason: unknown) => reason,
      );
      expect(codeOf(error), String(error)).to.equal('unauthorized');
    });
  }
});

describe('a token that was verified', () => {
  const clock = { ...systemClock, now: () => at * 1000 };
  let at: number;
  beforeEach(() => {
    at = now;
  });
  const reasonFor = (asked: Promise<unknown>) => asked.then(() => 'let in', String);

  it('is remembered, and verified no more', async () => {
    const remembering = createTokenVerifier(testJwt, clock);
    const authorization = `Bearer ${await tokenFor(7)}`;
    expect(await remembering.userOf(authorization)).to.equal(await remembering.userOf(authorization));
  });

  it('is not let in from the second on in which it ends', async () => {
    const remembering = createTokenVerifier(testJwt, clock);
    const authorization = `Bearer ${await signToken({ claims: { exp: now + 60 } })}`;
    for (at of [now, now + 59, now + 59.999])
      expect(await remembering.userOf(authorization)).to.include({ id: 1 });
    for (at of [now + 60, now + 3600])
      expect(await reasonFor(remembering.userOf(authorization))).to.contain('the token has expired');
  });

  it('is not let in before it begins, when the clock was set back', async () => {
    const remembering = createTokenVerifier(testJwt, clock);
    const authorization = `Bearer ${await signToken({ claims: { nbf: now - 10 } })}`;
    expect(await remembering.userOf(authorization)).to.include({ id: 1 });
    at = now - 11;
    expect(await reasonFor(remembering.userOf(authorization))).to.contain("the token's claim 'nbf'");
  });

  it('is not let in by whoever does not take its secret any more', async () => {
    const old = 'an older secret of 32 bytes or more!';
    const authorization = `Bearer ${await signToken({ secret: old })}`;
    const rotating = createTokenVerifier({ ...testJwt, previousSecrets: [old] }, clock);
    expect(await rotating.userOf(authorization)).to.include({ id: 1 });
    const rotated = createTokenVerifier(testJwt, clock);
    expect(await reasonFor(rotated.userOf(authorization))).to.contain('the token is not valid');
  });

  it('makes no other that looks like it be let in', async () => {
    const remembering = createTokenVerifier(testJwt, clock);
    const token = await tokenFor(1);
    await remembering.userOf(`Bearer ${token}`);
    const [head, , signature] = token.split('.');
    const forged = `${head}.${base64({ iss: testJwt.issuer, exp: now + 60, user_id: 2 })}.${signature}`;
    for (const wrong of [forged, token.slice(0, -2), `${token}A`])
      expect(await reasonFor(remembering.userOf(`Bearer ${wrong}`)), wrong).to.contain(
        'the token is not valid',
      );
  });

  it('is forgotten when more than a number of others came after it', async () => {
    const remembering = createTokenVerifier(testJwt, clock, { capacity: 2 });
    const users = [1, 2, 3];
    const tokens = await Promise.all(users.map((id) => tokenFor(id)));
    const ask = async (id: number) => remembering.userOf(`Bearer ${tokens[id - 1]}`);
    const [first, second] = [await ask(1), await ask(2)];
    expect(await ask(1)).to.equal(first);
    await ask(3);
    expect(await ask(1)).to.equal(first);
    expect(await ask(2)).not.to.equal(second);
  });
});

describe('tokens at the gateway', () => {
  let open: TestGateway;
  before(async () => {
    open = await openTestGateway();
  });
  after(() => open.close());

  it('challenges who brings none, and tells who brings a wrong one what is wrong with it', async () => {
    const none = await open.send('GET', '/api/v1/cart', { as: 'nobody' });
    expect([none.status, none.headers.get('www-authenticate')]).to.deep.equal([
      401,
      'Bearer realm="trolley"',
    ]);
    const token = await signToken({ claims: { exp: now - 1 } });
    const expired = await open.send('GET', '/api/v1/cart', { as: { token } });
    expect(expired.headers.get('www-authenticate'))
      .to.contain('error="invalid_token"')
      .and.contain('expired');
    expect(expired.json['code']).to.equal('unauthorized');
  });

  it('wants one for every route but health', async () => {
    const id = '00000000-0000-4000-8000-000000000001';
    const routes = [
      'GET /api/v1/products', 'GET /api/v1/products/1', 'GET /api/v1/cart', 'POST /api/v1/cart/items',
      'PUT /api/v1/cart/items/1', 'DELETE /api/v1/cart/items/1', 'DELETE /api/v1/cart', 'POST /api/v1/checkout',
      `GET /api/v1/checkout/${id}`, `POST /api/v1/checkout/${id}/cancel`, 'GET /api/v1/orders',
      `GET /api/v1/orders/${id}`, `POST /api/v1/orders/${id}/cancel`, `PATCH /api/v1/orders/${id}/status`,
    ]; // prettier-ignore
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      expect((await open.send(method, path, { as: 'nobody' })).status, route).to.equal(401);
    }
    for (const path of ['/health', '/health/live', '/health/ready']) {
      expect((await open.send('GET', path, { as: { token: 'wrong' } })).status, path).to.equal(200);
    }
  });
});
