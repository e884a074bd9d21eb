import type { HttpConnection } from '../load/http-connection.ts';

interface User {
  readonly id: number;
  readonly token: string;
}

export interface ApiRequest {
  readonly send: Parameters<HttpConnection['send']>;
  /** Status of the answer. */
  readonly wanted: number;
}

/** How a user's wishes are put to a shop; what it answers has the same form everywhere. */
export interface Api {
  add(user: User, productId: number): ApiRequest;
  cart(user: User): ApiRequest;
  checkout(user: User, key: string): ApiRequest;
  /** The newest order alone, as a list. */
  orders(user: User): ApiRequest;
}

export const shopApi: Api = {
  add: ({ token }, productId) => ({
    send: ['POST', '/api/v1/cart/items', token, { product_id: productId, quantity: 1 }],
    wanted: 201,
  }),
  cart: ({ token }) => ({ send: ['GET', '/api/v1/cart', token], wanted: 200 }),
  checkout: ({ token }, key) => ({
    send: ['POST', '/api/v1/checkout', token, { idempotency_key: key }],
    wanted: 201,
  }),
  orders: ({ token }) => ({ send: ['GET', '/api/v1/orders?page_size=1', token], wanted: 200 }),
};

/** As Restate's ingress wants it, and so all peers: the user in the path, and nobody asks for a token. */
export const peerApi: Api = {
  add: ({ id }, productId) => ({
    send: ['POST', `/cart/${id}/add`, undefined, { product_id: productId, quantity: 1 }],
    wanted: 200,
  }),
  cart: ({ id }) => ({ send: ['GET', `/cart/${id}/get`], wanted: 200 }),
  checkout: ({ id }, key) => ({
    send: ['POST', `/checkout/${key}/run`, undefined, { user_id: id }],
    wanted: 200,
  }),
  orders: ({ id }) => ({ send: ['GET', `/orders/${id}/newest`], wanted: 200 }),
};
