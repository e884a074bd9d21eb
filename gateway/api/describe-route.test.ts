import { expect } from 'chai';
import { z } from 'zod';
import type { addCartItem, getCart } from './cart-api.ts';
import { describeRoute, type AnswerOf, type RequestTo, type StatusOf } from './describe-route.ts';
import type { deleteProduct, listProducts } from './product-api.ts';

/** Compiles where the two types are one. */
function same<A, B>(_isSame: [A] extends [B] ? ([B] extends [A] ? true : false) : false): void {}

describe('describeRoute', () => {
  it('keeps the type of each part of a request, as its sender writes it', () => {
    same<RequestTo<typeof addCartItem>['body'], { product_id: number; quantity: number }>(true);
    same<RequestTo<typeof listProducts>['query']['page_size'], string | undefined>(true);
    // @ts-expect-error a cart is asked for without a body
    same<RequestTo<typeof getCart>['body'], { product_id: number }>(true);
  });

  it('keeps the types of statuses and answers', () => {
    same<StatusOf<typeof addCartItem>, 201>(true);
    same<AnswerOf<typeof getCart>['total_price'], number>(true);
    same<AnswerOf<typeof listProducts>['products'][number]['stock'], number | undefined>(true);
    same<AnswerOf<typeof deleteProduct>, undefined>(true);
    // @ts-expect-error a cart has no such member
    same<AnswerOf<typeof getCart>['total'], number>(true);
  });

  it('takes an example of that type alone', () => {
    const described = describeRoute({
      operationId: 'say',
      tag: 'Words',
      summary: 'Says it.',
      method: 'POST',
      path: '/words',
      access: 'user',
      body: z.object({ word: z.string() }),
      // @ts-expect-error a word is text
      example: { body: { word: 1 } },
      answers: { 200: { description: 'Said.' } },
    });
    expect(described.operationId).to.equal('say');
  });
});
