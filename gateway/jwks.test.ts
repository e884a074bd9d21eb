import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { codeOf, silentLogger } from '@trolley/runtime';
import { ManualClock } from '../actors/services/testing/manual-clock.ts';
import { Jwks } from './jwks.ts';
import { testJwt } from './testing/test-gateway.ts';
import { createTokenVerifier, type TokenVerifier } from './tokens.ts';

interface Key {
  readonly jwk: JWK;
  readonly sign: (claims?: Record<string, unknown>, header?: Record<string, unknown>) => Promise<string>;
}

describe('tokens of a JWKS', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; headers?: Record<string, string>; body: string };
  let asked: number;
  let clock: ManualClock;
  let verifier: TokenVerifier;

  const publish = (...keys: readonly Key[]) => {
    answer = { status: 200, body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }) };
  };

  before(async () => {
    server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(answer.status, answer.headers).end(answer.body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  });
  after(() => server.close());
  beforeEach(() => {
    asked = 0;
    clock = new ManualClock();
    verifier = createTokenVerifier(testJwt, clock, { keys: new Jwks({ url, clock, logger: silentLogger }) });
  });

  async function keyOf(alg: string, kid?: string): Promise<Key> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
    return { jwk, sign: signerWith(privateKey, alg, kid) };
  }
  const signerWith =
    (key: CryptoKey | Uint8Array, alg: string, kid?: string): Key['sign'] =>
    (claims = {}, header = {}) =>
      new SignJWT({ iss: testJwt.issuer, exp: clock.now() / 1000 + 7200, user_id: 7, ...claims })
        .setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }), ...header })
        .sign(key);
  const outcomeOf = (token: string) => verifier.userOf(`Bearer ${token}`).then((user) => user?.id, codeOf);

  it('are taken by each of the algorithms, with and without the name of a key', async () => {
    const keys = await Promise.all(['RS256', 'ES256', 'EdDSA'].map((alg) => keyOf(alg, alg)));
    const nameless = await Promise.all(['ES256', 'ES256'].map((alg) => keyOf(alg)));
    publish(...keys, ...nameless);
    for (const key of [...keys, ...nameless]) expect(await outcomeOf(await key.sign())).to.equal(7);
    expect(asked).to.equal(1);
  });

  it('are refused when they choose an algorithm that is not one of these', async () => {
    const rsa = await keyOf('RS256', 'k');
    publish(rsa);
    expect(await outcomeOf(await rsa.sign())).to.equal(7);
    const asSecret = Buffer.from(JSON.stringify(rsa.jwk));
    for (const forged of [
      await signerWith(asSecret, 'HS256', 'k')(),
      await signerWith(Buffer.from(testJwt.secret), 'HS256')(),
      await (await keyOf('RS256', 'k')).sign(),
      await (await keyOf('PS256', 'k')).sign(),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await rsa.sign()).split('.')[1]}.`,
    ]) {
      expect(await outcomeOf(forged), forged.slice(0, 30)).to.equal('unauthorized');
    }
    expect(await outcomeOf(await rsa.sign({ iss: 'else' }))).to.equal('unauthorized');
    expect(await outcomeOf(await rsa.sign({ exp: clock.now() / 1000 - 1 }))).to.equal('unauthorized');
  });

  it('are refused by a secret among the keys, and by a key that is for something else', async () => {
    const secret = Buffer.alloc(32, 1);
    const encrypting = await keyOf('RS256', 'e');
    const oct = { jwk: { kty: 'oct', k: secret.toString('base64url'), kid: 's' }, sign: encrypting.sign };
    publish(oct, { ...encrypting, jwk: { ...encrypting.jwk, use: 'enc' } });
    expect(await outcomeOf(await signerWith(secret, 'HS256', 's')())).to.equal('unauthorized');
    expect(await outcomeOf(await encrypting.sign())).to.equal('unauthorized');
  });

  it('of a new key are taken at once, and those of one that has gone no more', async () => {
    const [old, young] = [await keyOf('ES256', 'old'), await keyOf('ES256', 'young')];
    publish(old);
    const oldToken = await old.sign();
    for (const _ of [1, 2]) expect(await outcomeOf(oldToken)).to.equal(7);
    expect(verifier.knownUserOf(`Bearer ${oldToken}`)).to.include({ id: 7 });
    publish(young);
    expect(await outcomeOf(await young.sign())).to.equal(7);
    expect(verifier.knownUserOf(`Bearer ${oldToken}`)).to.equal(undefined);
    expect(await outcomeOf(oldToken)).to.equal('unauthorized');
  });

  it('of an unknown key ask for keys once in 10 s', async () => {
    const known = await keyOf('ES256', 'known');
    publish(known);
    await outcomeOf(await known.sign());
    const strange = await Promise.all(['a', 'b', 'c'].map(async (kid) => (await keyOf('ES256', kid)).sign()));
    for (const token of strange) expect(await outcomeOf(token)).to.equal('unauthorized');
    expect(asked).to.equal(2);
    clock.advance(10_000);
    for (const token of strange) expect(await outcomeOf(token)).to.equal('unauthorized');
    expect(asked).to.equal(3);
  });

  it('are looked into again when the keys are 5 minutes old, and count an hour when these are gone', async () => {
    const key = await keyOf('ES256', 'k');
    publish(key);
    const token = `Bearer ${await key.sign()}`;
    for (const _ of [1, 2]) await verifier.userOf(token);
    answer = { status: 500, body: '' };
    clock.advance(5 * 60_000);
    expect(verifier.knownUserOf(token)).to.include({ id: 7 });
    await until(() => asked === 2);
    clock.advance(55 * 60_000);
    expect(verifier.knownUserOf(token)).to.equal(undefined);
    expect(await verifier.userOf(token).catch(codeOf)).to.equal('unavailable');
    publish(key);
    clock.advance(1_000);
    expect(await verifier.userOf(token)).to.include({ id: 7 });
  });

  it('are unavailable while there are no keys, and none are asked for more than once a second', async () => {
    const key = await keyOf('ES256', 'k');
    const elsewhere = { location: 'https://keys.example/' };
    for (const wrong of [
      { status: 302, headers: elsewhere, body: '' },
      { status: 404, body: '{"keys":[]}' },
      { status: 200, body: 'no JSON' },
      { status: 200, body: '{"keys":[1]}' },
      { status: 200, body: `{"keys":[],"x":"${'x'.repeat(256 * 1024)}"}` },
    ]) {
      answer = wrong;
      const before = asked;
      for (const _ of [1, 2]) expect(await outcomeOf(await key.sign()), wrong.body.slice(0, 20)).to.equal('unavailable'); // prettier-ignore
      expect(asked - before).to.equal(1);
      clock.advance(1_000);
    }
    publish(key);
    expect(await outcomeOf(await key.sign())).to.equal(7);
  });
});

async function until(isThere: () => boolean): Promise<void> {
  while (!isThere()) await new Promise((resolve) => setImmediate(resolve));
}
