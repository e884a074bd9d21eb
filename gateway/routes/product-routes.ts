import { changeProduct, createProduct, deleteProduct, getProduct, listProducts } from '../api/product-api.ts';
import { Money, writtenOnce } from '../money-json.ts';
import type { ProductPage, Products, StockedProduct } from '../products.ts';
import { keyAmongUsers } from '../request-keys.ts';
import { defineRoute, type Route } from './route.ts';

export function productRoutes(products: Products): Route[] {
  return [
    defineRoute(listProducts, {
      async handle({ user, query, call }) {
        const asked = { pageSize: query.page_size, pageToken: query.page_token, query: query.q };
        return { status: 200, body: pageText(await products.list(asked, call, user.id)) };
      },
    }),
    defineRoute(getProduct, {
      async handle({ user, params: { product_id: id }, call }) {
        return { status: 200, body: productText(await products.get(id, call, user.id)) };
      },
    }),
    defineRoute(createProduct, {
      async handle({ user, body, call, idempotencyKey }) {
        const { name, description, price: priceCents, image_url: imageUrl, stock } = body;
        const fields = { name, description, priceCents, imageUrl, stock };
        const by = { userId: user.id, idempotencyKey: keyAmongUsers(user.id, idempotencyKey) };
        const product = await products.create(fields, call, by);
        const headers = { Location: `/api/v1/products/${product.id}` };
        return { status: 201, headers, body: productJson(product) };
      },
    }),
    defineRoute(changeProduct, {
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
        const product = await products.update(params.product_id, fields, call, by);
        return { status: 200, body: productJson(product) };
      },
    }),
    defineRoute(deleteProduct, {
      async handle({ user, params, call, idempotencyKey }) {
        const by = { userId: user.id, idempotencyKey: keyAmongUsers(user.id, idempotencyKey) };
        await products.delete(params.product_id, call, by);
        return { status: 204, body: null };
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
