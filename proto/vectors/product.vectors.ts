import * as product from '../gen/product/product.ts';
import { vector } from './vector.ts';

const aProduct = {
  id: 1n,
  name: 'L',
  description: 'd',
  price: 1299.99,
  imageUrl: 'u',
  createdAt: 'a',
  priceCents: 129999n,
};
const productHex = `08 01  12 01 4c  1a 01 64
                    21 29 5c 8f c2 f5 4f 94 40    // price, a double
                    2a 01 75                      // image_url
                    3a 01 61                      // created_at; there is no field 6
                    40 cf f7 07                   // price_cents`;

export const productVectors = [
  vector('Product', product.Product, aProduct, productHex),
  vector(
    'GetProductsRequest',
    product.GetProductsRequest,
    { pageSize: 2, pageToken: 't', query: 'q', ids: [1n, 2n] },
    '08 02  12 01 74  1a 01 71  22 02 01 02',
  ),
  vector(
    'GetProductsResponse',
    product.GetProductsResponse,
    { products: [aProduct], nextPageToken: 't' },
    `0a 1b ${productHex}
     12 01 74`,
  ),
  vector('GetProductRequest', product.GetProductRequest, { id: 5n }, '08 05'),
  vector('GetProductResponse', product.GetProductResponse, { product: aProduct }, `0a 1b ${productHex}`),
  vector('ValidateProductsRequest', product.ValidateProductsRequest, { ids: [1n, 9n] }, '0a 02 01 09'),
  vector(
    'ValidateProductsResponse',
    product.ValidateProductsResponse,
    { products: [aProduct], missingIds: [9n] },
    `0a 1b ${productHex}
     12 01 09`,
  ),
  vector(
    'CreateProductRequest',
    product.CreateProductRequest,
    { name: 'n', description: 'd', priceCents: 100n, imageUrl: 'u' },
    '0a 01 6e  12 01 64  18 64  22 01 75',
  ),
  vector(
    'CreateProductResponse',
    product.CreateProductResponse,
    { product: aProduct },
    `0a 1b ${productHex}`,
  ),
  vector(
    'UpdateProductRequest, where an empty text is not an absent one',
    product.UpdateProductRequest,
    { id: 1n, name: 'n', description: '', priceCents: 100n, imageUrl: undefined },
    '08 01  12 01 6e  1a 00  20 64',
  ),
  vector(
    'UpdateProductRequest with an image',
    product.UpdateProductRequest,
    { id: 1n, name: undefined, description: undefined, priceCents: undefined, imageUrl: 'u' },
    '08 01  2a 01 75',
  ),
  vector(
    'UpdateProductResponse',
    product.UpdateProductResponse,
    { product: aProduct },
    `0a 1b ${productHex}`,
  ),
  vector('DeleteProductRequest', product.DeleteProductRequest, { id: 1n }, '08 01'),
  vector('DeleteProductResponse', product.DeleteProductResponse, {}, ''),
];
