import type { ChangedProduct, NewProduct, Product, ProductPage } from './api.ts';
import type { CallOptions, Calls, ChangeOptions, PageQuery } from './calls.ts';

export interface ProductQuery extends PageQuery {
  /** Part of a name or description. */
  readonly q?: string | undefined;
}

export class ProductCalls {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** Refused: `invalid_page_token`. */
  async list(query?: ProductQuery, options?: CallOptions): Promise<ProductPage> {
    return (await this.#calls.read<ProductPage>('/api/v1/products', query, options)).body;
  }

  /** Refused: `not_found`. */
  async get(productId: number, options?: CallOptions): Promise<Product> {
    return (await this.#calls.read<Product>(pathOf(productId), {}, options)).body;
  }

  /** For admins. */
  async create(product: NewProduct, options?: ChangeOptions): Promise<Product> {
    return (await this.#calls.change<Product>('POST', '/api/v1/products', { body: product }, options)).body;
  }

  /** For admins: changes the fields that are there. Refused: `not_found`. */
  async update(productId: number, change: ChangedProduct, options?: ChangeOptions): Promise<Product> {
    return (await this.#calls.change<Product>('PUT', pathOf(productId), { body: change }, options)).body;
  }

  /** For admins. Refused: `not_found`. */
  async delete(productId: number, options?: ChangeOptions): Promise<void> {
    await this.#calls.change<undefined>('DELETE', pathOf(productId), {}, options);
  }
}

const pathOf = (productId: number) => `/api/v1/products/${productId}`;
