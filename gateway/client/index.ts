/*
 * A client of Trolley's REST API, for browsers and for Node. `createClient` makes one, and `isTrolleyError` recognises
 * what its calls reject with.
 */
export { createClient, type Client, type ClientOptions } from './create-client.ts';
export type { CartCalls, CartChange, CartChangeOptions, VersionedCart } from './cart-calls.ts';
export type { CheckoutCalls, CheckoutQuery, EndedCheckout } from './checkout-calls.ts';
export type { OrderCalls, OrderPage } from './order-calls.ts';
export type { ProductCalls, ProductQuery } from './product-calls.ts';
export type { CallOptions, ChangeOptions, PageQuery } from './calls.ts';
export type { Fetch } from './attempt.ts';
export type { Clock } from './clock.ts';
export type { Token } from './token-source.ts';
export {
  isTrolleyError,
  type AnyTrolleyError,
  type ClientCode,
  type Code,
  type DetailsOf,
  type ShopCode,
  type TrolleyError,
} from './trolley-error.ts';
export type * from './api.ts';
