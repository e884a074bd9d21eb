import { RpcError } from '../grpc/rpc-error.ts';
import { ProductServiceService, type Product } from '../../../proto/gen/product/product.ts';
import { openGrpcClient, type GrpcClientOptions, type ServiceConnection } from '../grpc/grpc.client.ts';
import type { ServiceCall } from '../service-call.ts';
import { batchesOf } from '../grpc/message-size.ts';

export interface ProductView {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly priceCents: number;
  readonly imageUrl: string;
  /** RFC 3339. */
  readonly createdAt: string;
}

export interface ProductQuery {
  /** Default: 100. At most 500. */
  readonly pageSize?: number | undefined;
  readonly pageToken?: string | undefined;
  /** Part of a name or a description. */
  readonly query?: string | undefined;
}

/** What the shop sells, to those who call the product service. */
export interface ProductCatalog {
  /**
   * In the order of their ids; a page of large products may be shorter. `invalid_page_token` for a token of another
   * query.
   */
  list(
    query?: ProductQuery,
    context?: ServiceCall,
  ): Promise<{ readonly products: readonly ProductView[]; readonly nextPageToken?: string }>;
  /** `not_found` when there is none, `invalid_product_id` when `id` is not a positive integer. */
  get(id: number, context?: ServiceCall): Promise<ProductView>;
  /** Those of `ids` that there are, in the order of their ids. */
  getMany(ids: readonly number[], context?: ServiceCall): Promise<readonly ProductView[]>;
}

/** What of a product is for an administrator to say. */
export type ProductFields = Pick<ProductView, 'name' | 'description' | 'priceCents' | 'imageUrl'>;

/** Changes of what the shop sells; with an idempotency key each is made once, and answered the same for a day. */
export interface ProductAdministration {
  /** Refused: `invalid_request`. */
  create(fields: ProductFields, context?: ServiceCall): Promise<ProductView>;
  /** Leaves the other fields as they are. Refused: `not_found`, `invalid_request`. */
  update(id: number, fields: Partial<ProductFields>, context?: ServiceCall): Promise<ProductView>;
  /** Its id is never given again. Refused: `not_found`. */
  delete(id: number, context?: ServiceCall): Promise<void>;
}

/** So many of the largest products fit into one message. */
const idsAtOnce = 100;

/** The catalog over gRPC. */
export function openProductCatalog(
  options: GrpcClientOptions,
): ProductCatalog & ProductAdministration & ServiceConnection {
  const client = openGrpcClient(ProductServiceService, options);
  return {
    async list({ pageSize = 0, pageToken = '', query = '' } = {}, context) {
      const answer = await client.call('getProducts', { pageSize, pageToken, query, ids: [] }, context);
      const products = answer.products.map(viewOf);
      return answer.nextPageToken === '' ? { products } : { products, nextPageToken: answer.nextPageToken };
    },
    async get(id, context) {
      return answered(await client.call('getProduct', { id: wireId(id) }, context));
    },
    async getMany(ids, context) {
      // No batch is empty: no ids at all would mean all products.
      const pages = batchesOf(
        [...ids].sort((a, b) => a - b),
        idsAtOnce,
      ).map((batch) => {
        const request = { pageSize: 0, pageToken: '', query: '', ids: batch.map(wireId) };
        return client.call('getProducts', request, context);
      });
      return (await Promise.all(pages)).flatMap(({ products }) => products.map(viewOf));
    },
    create: async ({ priceCents, ...fields }, context) =>
      answered(await client.call('createProduct', { ...fields, priceCents: BigInt(priceCents) }, context)),
    async update(id, { priceCents, ...fields }, context) {
      const price = priceCents === undefined ? {} : { priceCents: BigInt(priceCents) };
      return answered(await client.call('updateProduct', { id: wireId(id), ...fields, ...price }, context));
    },
    async delete(id, context) {
      await client.call('deleteProduct', { id: wireId(id) }, context);
    },
    check: () => client.check(),
    close: () => client.close(),
  };
}

function answered({ product }: { readonly product?: Product | undefined }): ProductView {
  if (product === undefined) throw new RpcError('internal', 'an answer without a product');
  return viewOf(product);
}

function wireId(id: number): bigint {
  if (!Number.isSafeInteger(id)) {
    throw new RpcError('invalid_product_id', `a product id is a positive integer: ${id}`);
  }
  return BigInt(id);
}

function viewOf({ id, name, description, price, priceCents, imageUrl, createdAt }: Product): ProductView {
  return {
    id: Number(id),
    name,
    description,
    // A server of the first generation sends only the double.
    priceCents: priceCents === 0n ? Math.round(price * 100) : Number(priceCents),
    imageUrl,
    createdAt,
  };
}
