import { z } from 'zod';
import { CheckoutStatus } from '../../actors/checkout/checkout-status.contract.ts';
import { GivenAddress } from '../../actors/checkout/shipping-address.contract.ts';
import { describeRoute } from './describe-route.ts';
import {
  BodyIdempotencyKey,
  BodyPaymentMethod,
  PathCheckoutId,
  QueryPageSize,
  QueryPageToken,
} from './fields.ts';
import { Amount, Currency, Id, NextPageToken, Timestamp, Uuid } from './values.ts';

const tag = 'Checkouts';
const checkouts = '/api/v1/checkout';
const checkout = `${checkouts}/:checkout_id` as const;
const CheckoutParams = z.object({ checkout_id: PathCheckoutId });
/** Of user 1 under the key of the example below. */
const exampleId = 'f329f00a-ef9b-59e9-b434-70422dcca1d2';

const checkoutShape = {
  checkout_id: Uuid,
  status: CheckoutStatus,
  failure_reason: z
    .string()
    .optional()
    .meta({ description: 'Why it FAILED.', examples: ['payment_declined: card_declined'] }),
  failure_details: z
    .array(z.object({ product_id: Id, requested: z.int().min(1), available: z.int().min(0) }))
    .optional()
    .meta({
      description: 'Of insufficient_stock and product_unavailable: of which products there is too little.',
    }),
  order_id: Uuid.optional().meta({
    description: 'Once COMPLETED; the order itself may follow some milliseconds later.',
  }),
  total_amount: Amount,
  currency: Currency,
  created_at: Timestamp,
  completed_at: Timestamp.optional().meta({ description: 'When it ended, COMPLETED or FAILED.' }),
};

export const Checkout = z.object(checkoutShape).meta({ id: 'Checkout' });

export const CheckoutWithHistory = z
  .object({
    ...checkoutShape,
    history: z
      .array(z.object({ status: CheckoutStatus, at: Timestamp, detail: z.string().optional() }))
      .meta({
        description: 'An entry for each status reached, and for each step that was retried or compensated.',
      }),
  })
  .meta({ id: 'CheckoutWithHistory' });

export const CheckoutPage = z
  .object({ checkouts: z.array(Checkout), next_page_token: NextPageToken.optional() })
  .meta({ id: 'CheckoutPage' });

export const NewCheckout = z
  .object({
    idempotency_key: BodyIdempotencyKey.optional(),
    shipping_address: GivenAddress.optional().meta({
      description: 'Any members of text, at least one, of at most 2 KB as JSON.',
      minProperties: 1,
    }),
    payment_method: BodyPaymentMethod.optional(),
  })
  .meta({ id: 'NewCheckout', description: 'The key has to be here or in the header Idempotency-Key.' });

export const startCheckout = describeRoute({
  operationId: 'startCheckout',
  tag,
  summary: 'Buys what is in the cart.',
  description:
    'Answers when the checkout has ended, COMPLETED or FAILED: a payment that is declined is no error here. One that ' +
    'takes longer goes on, and Location tells where to ask for it.',
  method: 'POST',
  path: checkouts,
  access: 'user',
  retryable: 'by the gateway',
  body: NewCheckout,
  example: {
    body: {
      idempotency_key: 'an order of mine',
      shipping_address: { street: '1 Main Street', city: 'Oslo' },
      payment_method: 'card',
    },
  },
  answers: {
    201: { description: 'It has ended.', body: Checkout },
    200: { description: 'It had begun before under this key, and has ended.', body: Checkout },
    202: { description: 'It goes on.', body: Checkout, headers: ['Location'] },
  },
  refusals: ['empty_cart', 'checkout_in_progress', 'too_many_checkouts', 'too_many_units'],
});

export const listCheckouts = describeRoute({
  operationId: 'listCheckouts',
  tag,
  summary: 'The checkouts of the user, newest first.',
  method: 'GET',
  path: checkouts,
  access: 'user',
  query: z.object({
    page_size: QueryPageSize.optional(),
    page_token: QueryPageToken.optional(),
    status: CheckoutStatus.optional(),
  }),
  example: { query: { status: 'COMPLETED' } },
  answers: { 200: { description: 'A page of checkouts.', body: CheckoutPage } },
});

export const getCheckout = describeRoute({
  operationId: 'getCheckout',
  tag,
  summary: 'How far a checkout has come, and how.',
  description: "Someone else's is not found, as one that does not exist; an admin sees all.",
  method: 'GET',
  path: checkout,
  access: 'user',
  params: CheckoutParams,
  example: { params: { checkout_id: exampleId } },
  answers: { 200: { description: 'The checkout.', body: CheckoutWithHistory } },
  refusals: ['not_found'],
});

export const cancelCheckout = describeRoute({
  operationId: 'cancelCheckout',
  tag,
  summary: 'Cancels a checkout whose payment has not completed.',
  description:
    'Answers when all of it is undone, for which a charge under way is waited for. Where that takes too long, 504, it ' +
    'goes on all the same: send it again, or look at the checkout.',
  method: 'POST',
  path: `${checkout}/cancel`,
  access: 'user',
  retryable: 'by the gateway',
  params: CheckoutParams,
  example: { params: { checkout_id: exampleId } },
  answers: { 200: { description: 'All of it is undone.', body: Checkout } },
  refusals: ['not_found', 'conflict'],
});
