import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { Client, credentials } from '@grpc/grpc-js';
import { silentLogger } from '@trolley/runtime';
import { openSqlite } from '@trolley/runtime/sqlite';
import { ProductServiceService } from '../../../proto/gen/product/product.ts';
import { openGrpcClient, type GrpcClient } from '../grpc/grpc.client.ts';
import type { RunningService } from '../grpc-sqlite-service.ts';
import { refusalOf } from '../testing/failure-of.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openProductCatalog, type ProductQuery } from './product.client.ts';
import { productMigrations } from './product.schema.ts';
import { openProductService } from './product.service.ts';

type Wire = GrpcClient<typeof ProductServiceService>;

describe('the product service', () => {
  const folder = temporaryFolder();
  const clock = new ManualClock();
  let service: RunningService;
  let catalog: ReturnType<typeof openProductCatalog>;
  let wire: Wire;

  async function open(dataDir = folder.path): Promise<void> {
    service = await openProductService({
      dataDir,
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      clock,
    });
    const address = `127.0.0.1:${service.port}`;
    catalog = openProductCatalog({ address });
    wire = openGrpcClient(ProductServiceService, { address });
  }
  async function close(): Promise<void> {
    catalog.close();
    wire.close();
    await service.close();
  }
  beforeEach(() => open());
  afterEach(close);

  const all = { pageSize: 0, pageToken: '', query: '', ids: [] };

  it('starts with the five products of the contract', async () => {
    const { products, nextPageToken } = await catalog.list();
    expect(nextPageToken).to.equal(undefined);
    expect(products.map(({ id, name, priceCents }) => [id, name, priceCents])).to.deep.equal([
      [1, 'Laptop', 129999],
      [2, 'Mouse', 2999],
      [3, 'Keyboard', 8999],
      [4, 'Monitor', 39999],
      [5, 'Headphones', 24999],
    ]);
    const answer = await wire.call('getProducts', all);
    expect(answer.products.map((product) => product.price)).to.deep.equal([
      1299.99, 29.99, 89.99, 399.99, 249.99,
    ]);
    expect(products[0]?.createdAt).to.equal('2026-01-01T00:00:00.000Z');
  });

  it('makes a change that comes again under its key once, also after a restart', async () => {
    const lamp = { name: 'Lamp', description: '', priceCents: 1990, imageUrl: '' };
    const once = { idempotencyKey: '1:k' };
    const first = await catalog.create(lamp, once);
    expect(await catalog.create(lamp, once)).to.deep.equal(first);
    await close();
    await open();
    expect(await catalog.create(lamp, once)).to.deep.equal(first);
    expect(await refusalOf(catalog.create({ ...lamp, priceCents: 1 }, once))).to.equal(
      'idempotency_key_reused',
    );
    expect(await refusalOf(catalog.delete(1, once))).to.equal('idempotency_key_reused');
    const changed = await catalog.update(first.id, { priceCents: 5 }, { idempotencyKey: '1:l' });
    await catalog.update(first.id, { priceCents: 6 });
    expect(await catalog.update(first.id, { priceCents: 5 }, { idempotencyKey: '1:l' })).to.deep.equal(
      changed,
    );
    expect((await catalog.get(first.id)).priceCents).to.equal(6);
    for (const _ of [1, 2]) await catalog.delete(first.id, { idempotencyKey: '1:m' });
    expect(await refusalOf(catalog.delete(first.id))).to.equal('not_found');
    expect(await refusalOf(catalog.delete(2, { idempotencyKey: 'é' }))).to.equal('invalid_request');
    clock.advance(24 * 60 * 60 * 1000 + 1);
    expect((await catalog.create(lamp, once)).id, 'a day later').to.be.greaterThan(first.id);
    await catalog.delete(first.id + 1);
  });

  it('tells a client of the first generation the price as it always did', async () => {
    const client = new Client(`127.0.0.1:${service.port}`, credentials.createInsecure());
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(
        '/product.ProductService/GetProduct',
        (hex: string) => Buffer.from(hex, 'hex'),
        (answer) => answer,
        '0802',
        (error, answer) => (answer === undefined ? reject(error ?? new Error('no answer')) : resolve(answer)),
      );
    });
    client.close();
    expect(bytes.toString('hex')).to.include('213d0ad7a370fd3d40');
  });

  it('gives one product, and refuses what there is not', async () => {
    expect((await catalog.get(2)).name).to.equal('Mouse');
    expect(await refusalOf(catalog.get(99))).to.equal('not_found');
    for (const id of [0, -1, 1.5, Number.NaN]) {
      expect(await refusalOf(catalog.get(id)), String(id)).to.equal('invalid_product_id');
    }
    expect(await refusalOf(wire.call('getProduct', { id: 2n ** 62n }))).to.equal('invalid_product_id');
  });

  it('gives several, leaving out what there is not', async () => {
    const products = await catalog.getMany([5, 1, 99, 1]);
    expect(products.map((product) => product.id)).to.deep.equal([1, 5]);
    expect(await catalog.getMany([])).to.deep.equal([]);
    const { products: valid, missingIds } = await wire.call('validateProducts', { ids: [1n, 99n, 99n, 2n] });
    expect(valid.map((product) => product.id)).to.deep.equal([1n, 2n]);
    expect(missingIds).to.deep.equal([99n]);
  });

  it('gives all pages of a query, each product once', async () => {
    const names: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await catalog.list({ pageSize: 2, pageToken });
      expect(page.products.length).to.be.within(1, 2);
      names.push(...page.products.map((product) => product.name));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(names).to.deep.equal(['Laptop', 'Mouse', 'Keyboard', 'Monitor', 'Headphones']);
    const whole = await catalog.list({ pageSize: 5 });
    expect(whole.nextPageToken, 'no page follows an exactly full one').to.equal(undefined);
  });

  it('gives 100 to who names no size, and 500 at most', async () => {
    for (let n = 6; n <= 601; n++) {
      await wire.call('createProduct', { name: `P${n}`, description: '', priceCents: 1n, imageUrl: '' });
    }
    const page = async (query: ProductQuery) => {
      const { products, nextPageToken } = await catalog.list(query);
      return { ids: [products[0]?.id, products.at(-1)?.id], nextPageToken };
    };
    const first = await page({});
    expect(first.ids).to.deep.equal([1, 100]);
    expect((await page({ pageToken: first.nextPageToken })).ids).to.deep.equal([101, 200]);
    const large = await page({ pageSize: 500 });
    expect(large.ids).to.deep.equal([1, 500]);
    expect(await page({ pageSize: 500, pageToken: large.nextPageToken })).to.deep.equal({
      ids: [501, 601],
      nextPageToken: undefined,
    });
  });

  it('finds by a part of the name or description, taking % and _ as they are', async () => {
    expect(await namesOf('MO')).to.deep.equal(['Mouse', 'Monitor']);
    expect(await namesOf('wireless')).to.deep.equal(['Mouse']);
    for (const query of ['%', '_', '\\', "'"]) expect(await namesOf(query), query).to.deep.equal([]);
  });

  const namesOf = async (query: string) => (await catalog.list({ query })).products.map((each) => each.name);
  const create = (name: string, description = '') =>
    wire.call('createProduct', { name, description, priceCents: 1n, imageUrl: '' });

  it('finds in any case, alphabet and normal form, what is new and what was changed', async () => {
    await create('Чайник', 'для \u00e9t\u00e9');
    for (const query of ['чайник', 'ЧАЙН', 'чаи\u0306', 'E\u0301TE\u0301'])
      expect(await namesOf(query), query).to.deep.equal(['Чайник']);
    expect(await namesOf('ete'), 'an accent counts').to.deep.equal([]);
    await wire.call('updateProduct', { id: 6n, name: 'Straße' });
    expect(await namesOf('STRASSE')).to.deep.equal(['Straße']);
    expect(await namesOf('чайник')).to.deep.equal([]);
  });

  it('finds what was there before there was such a search', async () => {
    await close();
    const file = `${folder.path}/old/product.sqlite`;
    const old = await openSqlite({ file, migrations: productMigrations.slice(0, 1) });
    old.exec(`INSERT INTO products (name, description, price_cents, image_url, created_at, updated_at)
              VALUES ('ÉCLAIR', 'Чай', 100, '', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`);
    old.close();
    await open(`${folder.path}/old`);
    for (const query of ['e\u0301clair', 'чАЙ'])
      expect(await namesOf(query), query).to.deep.equal(['ÉCLAIR']);
  });

  it('gives tokens that are short enough to come back, however long the query', async () => {
    const query = '\u0001'.repeat(200);
    for (const name of ['a', 'b']) await create(name, query);
    const { nextPageToken = '' } = await catalog.list({ pageSize: 1, query });
    expect(nextPageToken).to.have.length.within(1, 100);
    const { products } = await catalog.list({ pageSize: 1, query, pageToken: nextPageToken });
    expect(products.map(({ name }) => name)).to.deep.equal(['b']);
  });

  it('fits the largest products into messages, in shorter pages', async () => {
    const wide = '漢';
    const large = { name: wide.repeat(200), description: wide.repeat(5_000), imageUrl: wide.repeat(2_000) };
    for (let n = 6; n <= 205; n++) await wire.call('createProduct', { ...large, priceCents: 1n });
    const ids = Array.from({ length: 205 }, (_, n) => n + 1);

    const lengths: number[] = [];
    const listed: number[] = [];
    let pageToken: string | undefined;
    do {
      const page = await catalog.list({ pageSize: 500, pageToken });
      lengths.push(page.products.length);
      listed.push(...page.products.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(listed).to.deep.equal(ids);
    expect(lengths).to.have.length(2);

    expect((await catalog.getMany(ids)).map(({ id }) => id)).to.deep.equal(ids);
    const all = { pageSize: 0, pageToken: '', query: '', ids: ids.map(BigInt) };
    for (const refused of [wire.call('getProducts', all), wire.call('validateProducts', { ids: all.ids })])
      expect(await refusalOf(refused)).to.equal('invalid_request');
  });

  it('refuses a page token of another query, or of nobody', async () => {
    const { nextPageToken } = await catalog.list({ pageSize: 1, query: 'mo' });
    expect(nextPageToken).to.be.a('string');
    const foreign = Buffer.from('[0,""]').toString('base64url');
    for (const pageToken of [nextPageToken, 'x', foreign, '!!']) {
      expect(await refusalOf(catalog.list({ pageToken })), pageToken).to.equal('invalid_page_token');
    }
    for (const pageSize of [-1, 501, 2 ** 31 - 1]) {
      expect(await refusalOf(catalog.list({ pageSize })), String(pageSize)).to.equal('invalid_page_size');
    }
  });

  it('creates, changes and deletes, and remembers it after a restart', async () => {
    const fields = { name: 'Webcam', description: 'd', priceCents: 4999n, imageUrl: 'u' };
    const { product: created } = await wire.call('createProduct', fields);
    expect(created?.id).to.equal(6n);
    const { product: changed } = await wire.call('updateProduct', {
      id: 6n,
      priceCents: 3999n,
      description: '',
    });
    expect(changed).to.include({
      name: 'Webcam',
      description: '',
      priceCents: 3999n,
      price: 39.99,
      imageUrl: 'u',
    });
    await wire.call('deleteProduct', { id: 1n });

    await close();
    await open();
    expect((await catalog.list()).products.map((product) => product.id)).to.deep.equal([2, 3, 4, 5, 6]);
    expect((await catalog.get(6)).priceCents).to.equal(3999);
    expect(await refusalOf(catalog.get(1))).to.equal('not_found');
    expect(await refusalOf(wire.call('updateProduct', { id: 1n, name: 'n' }))).to.equal('not_found');
    expect(await refusalOf(wire.call('deleteProduct', { id: 1n }))).to.equal('not_found');
    expect((await wire.call('createProduct', fields)).product?.id, 'an id is given once').to.equal(7n);
  });

  it('refuses fields that make no product', async () => {
    const fields = { name: 'n', description: '', priceCents: 1n, imageUrl: '' };
    const wrong = [
      { name: ' ' },
      { name: 'x'.repeat(201) },
      { description: 'x'.repeat(5001) },
      { priceCents: 0n },
      { priceCents: -1n },
      { priceCents: 2n ** 60n },
      { imageUrl: 'x'.repeat(2001) },
    ];
    for (const each of wrong) {
      expect(await refusalOf(wire.call('createProduct', { ...fields, ...each }))).to.equal('invalid_request');
      expect(await refusalOf(wire.call('updateProduct', { id: 1n, ...each }))).to.equal('invalid_request');
    }
  });

  it('says that it does not serve while its store is broken', async () => {
    const file = join(folder.path, 'product.sqlite');
    const serves = () =>
      catalog.check().then(
        () => true,
        () => false,
      );
    await catalog.check();
    await rename(file, `${file}.away`);
    do clock.advance(5_000);
    while (await serves());
    expect(await refusalOf(service.check())).to.equal('unavailable');
    await rename(`${file}.away`, file);
    do clock.advance(5_000);
    while (!(await serves()));
    await service.check();
  });
});
