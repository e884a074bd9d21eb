import { z } from 'zod';
import { describeRoute } from './describe-route.ts';
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
} from './fields.ts';
import { Amount, Id, NextPageToken, Timestamp } from './values.ts';

const tag = 'Products';
const products = '/api/v1/products';
const product = `${products}/:product_id` as const;
const ProductParams = z.object({ product_id: PathProductId });

export const Product = z
  .object({
    id: Id,
    name: z.string(),
    description: z.string(),
    price: Amount,
    image_url: z.string().meta({ description: 'Empty, a path, or an http or https URL.' }),
    created_at: Timestamp,
    stock: z
      .int()
      .min(0)
      .optional()
      .meta({ description: 'How many may be bought; absent while the inventory does not say.' }),
  })
  .meta({ id: 'Product' });

export const ProductPage = z
  .object({ products: z.array(Product), next_page_token: NextPageToken.optional() })
  .meta({ id: 'ProductPage' });

export const NewProduct = z
  .object({
    name: BodyProductName,
    description: BodyDescription.default(''),
    price: BodyPrice,
    image_url: BodyImageUrl.default(''),
    stock: BodyStock.optional(),
  })
  .meta({ id: 'NewProduct' });

export const ChangedProduct = z
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
  )
  .meta({ id: 'ChangedProduct', description: 'At least one of its members.' });

export const listProducts = describeRoute({
  operationId: 'listProducts',
  tag,
  summary: 'What there is to buy, a page at a time, at most a second old.',
  method: 'GET',
  path: products,
  access: 'user',
  query: z.object({
    page_size: QueryPageSize.optional(),
    page_token: QueryPageToken.optional(),
    q: QueryText.optional(),
  }),
  example: { query: { page_size: '2', q: 'mouse' } },
  answers: { 200: { description: 'A page of products.', body: ProductPage } },
});

export const getProduct = describeRoute({
  operationId: 'getProduct',
  tag,
  summary: 'One product, at most a second old.',
  method: 'GET',
  path: product,
  access: 'user',
  params: ProductParams,
  example: { params: { product_id: '1' } },
  answers: { 200: { description: 'The product.', body: Product } },
  refusals: ['not_found'],
});

export const createProduct = describeRoute({
  operationId: 'createProduct',
  tag,
  summary: 'Adds a product.',
  description: 'What nobody has stocked can not be sold: give it a stock, now or later.',
  method: 'POST',
  path: products,
  access: 'admin',
  retryable: 'by the gateway',
  body: NewProduct,
  example: { body: { name: 'Lamp', description: 'A lamp for a desk.', price: 19.9, stock: 3 } },
  answers: { 201: { description: 'The product as it is now.', body: Product, headers: ['Location'] } },
  refusals: ['unimplemented'],
});

export const changeProduct = describeRoute({
  operationId: 'changeProduct',
  tag,
  summary: 'Changes those fields of a product that are given.',
  description:
    'A stock that is given is what may be bought from now on: leave it out unless you mean to set it.',
  method: 'PUT',
  path: product,
  access: 'admin',
  retryable: 'by the gateway',
  params: ProductParams,
  body: ChangedProduct,
  example: { params: { product_id: '1' }, body: { price: 1199.99 } },
  answers: { 200: { description: 'The product as it is now.', body: Product } },
  refusals: ['not_found', 'unimplemented'],
});

export const deleteProduct = describeRoute({
  operationId: 'deleteProduct',
  tag,
  summary: 'Takes a product out of the catalogue.',
  description: 'Its id is never given again, and what was ordered stays.',
  method: 'DELETE',
  path: product,
  access: 'admin',
  retryable: 'by the gateway',
  params: ProductParams,
  example: { params: { product_id: '1' } },
  answers: { 204: { description: 'It is gone.' } },
  // Of a product service that is older than the gateway.
  refusals: ['not_found', 'unimplemented'],
});
