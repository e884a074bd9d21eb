import { z } from 'zod';
import { ShopError } from '../error-table.ts';
import { PathProductId, QueryPageSize, QueryPageToken, QueryText } from '../fields.ts';
import { Money, writtenOnce } from '../money-json.ts';
import type { ProductPage, Products, StockedProduct } from '../products.ts';
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
        if (!Number.isSafeInteger(id)) throw new ShopError('not_found', 'there is no such product');
        return { status: 200, body: productText(await products.get(id, call, user.id)) };
      },
    }),
  ];
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
