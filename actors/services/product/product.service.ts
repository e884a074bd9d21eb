import { RpcError } from '../grpc/rpc-error.ts';
import { Product, ProductServiceService } from '../../../proto/gen/product/product.ts';
import { defaultPageSize, maxPageSize } from '../../values/page-size.contract.ts';
import { openGrpcSqliteService, type RunningService, type ServiceOptions } from '../grpc-sqlite-service.ts';
import { fitting } from '../grpc/message-size.ts';
import { unaryService } from '../grpc/unary-service.ts';
import { RememberedAnswers } from '../remembered-answers.ts';
import { parseProductId, parseText } from '../request-fields.ts';
import { pageTokenAfter, parsePageToken } from './page-token.ts';
import { productMigrations, seedProducts } from './product.schema.ts';
import { ProductStore, type StoredProduct } from './product.store.ts';

const maxIds = 1000;
const maxPriceCents = 100_000_000_00n;

/** The catalog as a gRPC server; a new `dataDir` starts with the five seeded products. */
export function openProductService(options: ServiceOptions): Promise<RunningService> {
  const now = () => new Date(options.clock.now()).toISOString();
  return openGrpcSqliteService(options, {
    name: 'product',
    migrations: productMigrations,
    seed: (database) => seedProducts(database, now()),
    build(database, { read, write }) {
      const store = new ProductStore(database);
      const answers = new RememberedAnswers(database, options.clock);
      const { createProduct, updateProduct, deleteProduct } = ProductServiceService;
      const service = unaryService(ProductServiceService, {
        async getProducts({ pageSize, pageToken, query, ids }) {
          if (ids.length > 0) return { products: inOneMessage(await found(ids)), nextPageToken: '' };
          const limit = parsePageSize(pageSize);
          const afterId = parsePageToken(pageToken, parseText('query', query, 200));
          // One more than asked for tells whether there is a next page.
          const rows = await read(() => store.list({ afterId, query, limit: limit + 1 }));
          const products = fitting(rows.slice(0, limit).map(toWire), bytesOf);
          const last = products.at(-1);
          const more = last !== undefined && rows.length > products.length;
          const nextPageToken = more ? pageTokenAfter(Number(last.id), query) : '';
          return { products: [...products], nextPageToken };
        },
        async getProduct({ id }) {
          const [product] = await found([id]);
          return { product: toWire(known(parseProductId(id), product)) };
        },
        async validateProducts({ ids }) {
          const products = inOneMessage(await found(ids));
          const there = new Set(products.map((product) => product.id));
          return {
            products,
            missingIds: [...new Set(ids)].filter((id) => !there.has(id)),
          };
        },
        async createProduct(request, call) {
          const { name, description, priceCents, imageUrl } = request;
          const fields = {
            name: parseName(name),
            description: parseText('description', description, 5000),
            priceCents: parsePrice(priceCents),
            imageUrl: parseText('image_url', imageUrl, 2000),
          };
          return write(call, () =>
            answers.once(call, createProduct, request, () => {
              const product = store.insert(fields, now());
              if (product === undefined) throw new RpcError('internal', 'the product was not stored');
              return { product: toWire(product) };
            }),
          );
        },
        async updateProduct(request, call) {
          const { id, name, description, priceCents, imageUrl } = request;
          const productId = parseProductId(id);
          const fields = {
            ...(name === undefined ? {} : { name: parseName(name) }),
            ...(description === undefined
              ? {}
              : { description: parseText('description', description, 5000) }),
            ...(priceCents === undefined ? {} : { priceCents: parsePrice(priceCents) }),
            ...(imageUrl === undefined ? {} : { imageUrl: parseText('image_url', imageUrl, 2000) }),
          };
          return write(call, () =>
            answers.once(call, updateProduct, request, () => ({
              product: toWire(known(productId, store.update(productId, fields, now()))),
            })),
          );
        },
        async deleteProduct(request, call) {
          const productId = parseProductId(request.id);
          return write(call, () =>
            answers.once(call, deleteProduct, request, () => {
              known(productId, store.delete(productId, now()) || undefined);
              return {};
            }),
          );
        },
      });

      async function found(ids: readonly bigint[]): Promise<StoredProduct[]> {
        if (ids.length > maxIds) throw new RpcError('invalid_request', `at most ${maxIds} ids at once`);
        const wanted = ids.map(parseProductId);
        return read(() => store.byIds(wanted));
      }
      return { service };
    },
  });
}

function known<T>(id: number, product: T | undefined): T {
  if (product === undefined) throw new RpcError('not_found', `there is no product ${id}`);
  return product;
}

/** 0 is what the wire says for nothing. */
function parsePageSize(size: number): number {
  if (size < 0 || size > maxPageSize) {
    throw new RpcError('invalid_page_size', `page_size must be from 0 to ${maxPageSize}`);
  }
  return size === 0 ? defaultPageSize : size;
}

function parseName(name: string): string {
  if (name.trim() === '') throw new RpcError('invalid_request', 'name must not be empty');
  return parseText('name', name, 200);
}

function parsePrice(priceCents: bigint): number {
  if (priceCents <= 0n || priceCents > maxPriceCents) {
    throw new RpcError('invalid_request', `price_cents must be from 1 to ${maxPriceCents.toString()}`);
  }
  return Number(priceCents);
}

function bytesOf(product: Product): number {
  return Product.encode(product).finish().length;
}

/** Throws `invalid_request` when a client could not take them all at once. */
function inOneMessage(found: readonly StoredProduct[]): Product[] {
  const products = found.map(toWire);
  if (fitting(products, bytesOf).length === products.length) return products;
  throw new RpcError('invalid_request', 'these products do not fit into one message: ask for fewer ids');
}

function toWire(product: StoredProduct): Product {
  const { id, name, description, priceCents, imageUrl, createdAt } = product;
  return {
    id: BigInt(id),
    name,
    description,
    price: priceCents / 100,
    imageUrl,
    createdAt,
    priceCents: BigInt(priceCents),
  };
}
