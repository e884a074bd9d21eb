import { isDeepStrictEqual } from 'node:util';
import type { ProductView } from '../../actors/services/product/product.client.ts';
import type { ServiceCall } from '../../actors/services/service-call.ts';
import { ShopError } from '../error-table.ts';
import type { ShopDeps } from '../shop.ts';
import { seeds } from './memory-shop.ts';

const createdAt = '2026-01-01T00:00:00.000Z';

/** What was answered under an idempotency key, and to what. */
class Answers {
  readonly #before = new Map<string, { readonly request: unknown; readonly answer: unknown }>();

  once<T>(context: ServiceCall | undefined, request: unknown, change: () => T): T {
    const key = context?.idempotencyKey;
    if (key === undefined) return change();
    const known = this.#before.get(key);
    if (known === undefined) {
      const answer = change();
      this.#before.set(key, { request, answer });
      return answer;
    }
    if (isDeepStrictEqual(known.request, request)) return known.answer as T;
    throw new ShopError('idempotency_key_reused', 'the key was used for another request');
  }
}

/** Products in memory, as the product service has them. */
export function createMemoryCatalog(): ShopDeps['catalog'] {
  const products = new Map<number, ProductView>(seeds.map((seed) => [seed.id, seed]));
  const answers = new Answers();
  let lastId = seeds.length;
  const known = (id: number): ProductView => {
    const product = products.get(id);
    if (product === undefined) throw new ShopError('not_found', `there is no product ${id}`);
    return product;
  };
  const put = (product: ProductView): ProductView => {
    products.set(product.id, product);
    return product;
  };
  return {
    list: async () => ({ products: [...products.values()] }),
    get: async (id) => known(id),
    getMany: async (ids) => [...products.values()].filter(({ id }) => ids.includes(id)),
    create: async (fields, context) =>
      answers.once(context, { create: fields }, () => put({ ...fields, id: (lastId += 1), createdAt })),
    update: async (id, fields, context) =>
      answers.once(context, { id, update: fields }, () => put({ ...known(id), ...fields })),
    delete: async (id, context) =>
      answers.once(context, { delete: id }, () => void products.delete(known(id).id)),
  };
}

/** Seven of each product, as long as nobody says otherwise. */
export function createMemoryInventory(): ShopDeps['inventory'] {
  const stocked = new Map<number, number>();
  const answers = new Answers();
  const of = (productId: number) => ({ productId, available: stocked.get(productId) ?? 7, reserved: 0 });
  return {
    getStock: async (ids) => ids.map(of),
    setStock: async (productId, available, context) =>
      answers.once(context, { productId, available }, () => {
        stocked.set(productId, available);
        return of(productId);
      }),
  };
}
