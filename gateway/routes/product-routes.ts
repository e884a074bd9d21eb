import { z } from 'zod';
import { ShopError } from '../error-table.ts';
import {
  BodyDescription,
  BodyImageUrl,
  BodyPrice,
  BodyProductName,
  BodyStock,
  PathProductId,
  QueryPageSize,
  QueryPageToken,
  QueryText,
} from '../fields.ts';
import { Money, writtenOnce } from '../money-json.ts';
import type { ProductPage, Products, StockedProduct } from '../products.ts';
import { keyAmongUsers } from '../request-keys.ts';
import { defineRoute, type Route } from './route.ts';

export function productRoutes(products: Products): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/v1/products',
      access: 'user',
      query: z.object({
        page_size: QueryPageSize.optional(),
        page_token: QueryPageToken.optional(),
        q: QueryText.optional(),
      }),
      async handle({ user, query, call }) {
        const asked = { pageSize: query.page_size, pageToken: query.page_token, query: query.q };
        return { status: 200, body: pageText(await products.list(asked, call, user.id)) };
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/v1/products/:product_id',
      access: 'user',
      params: z.object({ product_id: PathProductId }),
      async handle({ user, params: { product_id: id }, call }) {
        return { status: 200, body: productText(await products.get(existing(id), call, user.id)) };
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/v1/products',
      access: 'admin',
      retryable: 'by the gateway',
      body: z.object({
        name: BodyProductName,
        description: BodyDescription.default(''),
        price: BodyPrice,
        image_url: BodyImageUrl.default(''),
        stock: BodyStock.optional(),
      }),
      async handle({ user, body, call, idempotencyKey }) {
        const { name, description, price: priceCents, image_url: imageUrl, stock } = body;
        const fields = { name, description, priceCents, imageUrl, stock };
        const by = { userId: user.id, idempotencyKey: keyAmongUsers(user.id, idempotencyKey) };
        const product = await products.create(fields, call, by);
        const headers = { Location: `/api/v1/products/${product.id}` };
        return { status: 201, headers, body: productJson(product) };
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/v1/products/:product_id',
      access: 'admin',
      retryable: 'by the gateway',
      params: z.object({ product_id: PathProductId }),
      body: ChangedProduct,
      async handle({ user, params, body, call, idempotencyKey }) {
        const by = { userId: user.id, idempotencyKey: keyAmongUsers(user.id, idempotencyKey) };
        const { name, description, price: priceCents, image_url: imageUrl, stock } = body;
        const fields = {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(priceCents === undefined ? {} : { priceCents }),
          ...(imageUrl === undefined ? {} : { imageUrl }),
          stock,
        };
        const product = await products.update(existing(params.product_id), fields, call, by);
        return { status: 200, body: productJson(product) };
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/v1/products/:product_id',
      access: 'admin',
      retryable: 'by the gateway',
      params: z.object({ product_id: PathProductId }),
      async handle({ user, params, call, idempotencyKey }) {
        const by = { userId: user.id, idempotencyKey: keyAmongUsers(user.id, idempotencyKey) };
        await products.delete(existing(params.product_id), call, by);
        return { status: 204, body: null };
      },
    }),
  ];
}

const ChangedProduct = z
  .object({
    name: BodyProductName.optional(),
    description: BodyDescription.optional(),
    price: BodyPrice.optional(),
    image_url: BodyImageUrl.optional(),
    stock: BodyStock.optional(),
  })
  .refine(
    (fields) => Object.values(fields).some((field) => field !== undefined),
    'name, description, price, image_url or stock must be there',
  );

/** An id beyond what a number holds is that of no product. */
function existing(id: number): number {
  if (Number.isSafeInteger(id)) return id;
  throw new ShopError('not_found', 'there is no such product');
}

const pageText = writtenOnce(({ products, nextPageToken }: ProductPage) => ({
  products: products.map(productJson),
  next_page_token: nextPageToken,
}));
const productText = writtenOnce(productJson);

function productJson(product: StockedProduct) {
  return {
    id: product.id,
    name: product.name,
    description: product.description,
    price: new Money(product.priceCents),
    image_url: product.imageUrl,
    created_at: product.createdAt,
    stock: product.stock,
  };
}
