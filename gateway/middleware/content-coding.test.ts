import { request, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createMemoryCatalog } from '../testing/memory-catalog.ts';
import { seeds } from '../testing/memory-shop.ts';
import { openTestGateway, tokenFor, type TestGateway } from '../testing/test-gateway.ts';
import { codingFor } from './content-coding.ts';

describe('the coding of an answer', () => {
  it('is the one with the highest weight, and none that was not asked for', () => {
    for (const [accepted, coding] of [
      ['', undefined],
      ['identity', undefined],
      ['deflate, zstd', undefined],
      ['gzip', 'gzip'],
      ['x-gzip', 'gzip'],
      ['gzip, deflate, br, zstd', 'br'],
      ['GZIP;q=1.0, br;q=0.5', 'gzip'],
      ['br;q=0, gzip;q=0', undefined],
      ['*', 'br'],
      ['br;q=0, *;q=0.1', 'gzip'],
      ['gzip;q=x', undefined],
      ['br ; q=0.2 , gzip ; q=0.1', 'br'],
    ] as const) {
      expect(codingFor(accepted), accepted).to.equal(coding);
    }
  });

  describe('of the gateway', () => {
    let open: TestGateway;
    const description = 'a long description '.repeat(30);
    beforeEach(async () => {
      const products = seeds.map((seed) => ({ ...seed, name: description }));
      const catalog = { list: async () => ({ products }), getMany: async () => products };
      open = await openTestGateway({ catalog: { ...createMemoryCatalog(), ...catalog } });
    });
    afterEach(() => open.close());

    /** Not `fetch`, which decodes what it gets. */
    async function get(path: string, accepted?: string, method = 'GET') {
      const headers = {
        authorization: `Bearer ${await tokenFor(1)}`,
        ...(accepted === undefined ? {} : { 'accept-encoding': accepted }),
      };
      const sent = request(`http://127.0.0.1:${open.gateway.port}${path}`, { method, headers }).end();
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      const chunks = await answer.toArray();
      return { headers: answer.headers, bytes: Buffer.concat(chunks as Buffer[]) };
    }

    it('leaves a long answer in the form that was asked for, of its own length', async () => {
      const plain = await get('/api/v1/products');
      expect(plain.headers['content-encoding']).to.equal(undefined);
      expect(plain.headers.vary).to.equal('Origin, Accept-Encoding');
      for (const [coding, decode] of [
        ['br', brotliDecompressSync],
        ['gzip', gunzipSync],
      ] as const) {
        for (const _ of [1, 2]) {
          const { headers, bytes } = await get('/api/v1/products', coding);
          expect(headers).to.include({ 'content-encoding': coding, vary: 'Origin, Accept-Encoding' });
          expect(Number(headers['content-length'])).to.equal(bytes.length).and.lessThan(plain.bytes.length);
          expect(decode(bytes).equals(plain.bytes), coding).to.equal(true);
        }
      }
      const head = await get('/api/v1/products', 'gzip', 'HEAD');
      expect([head.headers['content-encoding'], head.bytes.length]).to.deep.equal(['gzip', 0]);
    });

    it('leaves a short answer as it is', async () => {
      const { headers } = await get('/api/v1/cart', 'br');
      expect(headers).to.include({ vary: 'Origin' }).and.not.have.property('content-encoding');
    });

    it('tells the forms of one cart apart by their tags, which all name its version', async () => {
      const add = (ifMatch: string) =>
        open.send('POST', '/api/v1/cart/items', {
          json: { product_id: 1, quantity: 1 },
          headers: { 'if-match': ifMatch },
        });
      for (const product_id of [2, 3])
        await open.send('POST', '/api/v1/cart/items', { json: { product_id, quantity: 1 } });
      const tags = await Promise.all(
        [undefined, 'gzip', 'br'].map(async (coding) => (await get('/api/v1/cart', coding)).headers.etag),
      );
      expect(tags).to.deep.equal(['"2"', '"2-gzip"', '"2-br"']);
      expect((await add('"2-br"')).status).to.equal(201);
      expect((await add('"2-gzip"')).status).to.equal(412);
    });
  });
});
