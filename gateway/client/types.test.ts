import { expect } from 'chai';
import type { z } from 'zod';
import type * as cartApi from '../api/cart-api.ts';
import type * as checkoutApi from '../api/checkout-api.ts';
import type { RequestTo } from '../api/describe-route.ts';
import type * as orderApi from '../api/order-api.ts';
import type * as productApi from '../api/product-api.ts';
import { errorTable } from '../error-table.ts';
import { isTrolleyError, type CheckoutQuery, type PageQuery, type ProductQuery } from './index.ts';
import type * as types from './index.ts';
import { verdictOf } from './retry-policy.ts';

/** Compiles where the two types are one. */
function same<A, B>(_isSame: [A] extends [B] ? ([B] extends [A] ? true : false) : false): void {}

/** A member that may be absent is never there without a value: JSON has no `undefined`. */
type AsJson<T> = T extends object ? { [M in keyof T]: AsJson<Exclude<T[M], undefined>> } : T;

describe('the types of the client', () => {
  it('are those of the routes', () => {
    same<types.Cart, AsJson<z.output<typeof cartApi.Cart>>>(true);
    same<types.Product, AsJson<z.output<typeof productApi.Product>>>(true);
    same<types.ProductPage, AsJson<z.output<typeof productApi.ProductPage>>>(true);
    same<types.Checkout, AsJson<z.output<typeof checkoutApi.Checkout>>>(true);
    same<types.CheckoutPage, AsJson<z.output<typeof checkoutApi.CheckoutPage>>>(true);
    same<types.CheckoutWithHistory, AsJson<z.output<typeof checkoutApi.CheckoutWithHistory>>>(true);
    same<types.Order, AsJson<z.output<typeof orderApi.Order>>>(true);
    same<types.CartLine, RequestTo<typeof cartApi.addCartItem>['body']>(true);
    same<types.NewProduct, AsJson<z.input<typeof productApi.NewProduct>>>(true);
    same<types.ChangedProduct, AsJson<z.input<typeof productApi.ChangedProduct>>>(true);
    same<types.NewCheckout, AsJson<z.input<typeof checkoutApi.NewCheckout>>>(true);
    same<keyof ProductQuery, keyof RequestTo<typeof productApi.listProducts>['query']>(true);
    same<keyof CheckoutQuery, keyof RequestTo<typeof checkoutApi.listCheckouts>['query']>(true);
    same<keyof PageQuery, keyof RequestTo<typeof orderApi.listOrders>['query']>(true);
    // @ts-expect-error a cart has more than that
    same<types.Cart, { total_price: number }>(true);
  });

  it('tell by the code of an error what else it says', () => {
    const error: unknown = undefined;
    if (!isTrolleyError(error)) return;
    switch (error.code) {
      case 'precondition_failed':
        same<typeof error.status, 412>(true);
        same<typeof error.details.etag, string | undefined>(true);
        break;
      case 'rate_limited':
        same<typeof error.status, 429>(true);
        same<typeof error.details.retryAfterMs, number | undefined>(true);
        break;
      case 'no_answer':
        same<typeof error.status, number | undefined>(true);
        break;
      // @ts-expect-error there is no such code
      case 'out_of_luck':
        break;
      default:
        // @ts-expect-error the others know of no version
        same<typeof error.details.etag, string>(true);
    }
  });

  it('have each code that the shop may be asked again for', () => {
    const passing = Object.entries(errorTable)
      .filter(([code, { http }]) => verdictOf(http, code).isPassing)
      .map(([code]) => code);
    expect(passing).to.have.members([
      ...[
        'rate_limited',
        'too_many_streams',
        'mailbox_full',
        'unavailable',
        'deadline_exceeded',
        'aborted',
        'request_timeout',
      ],
    ]);
  });
});
