import type { ActorRefs } from '@trolley/runtime';
import type { Subscription } from '@trolley/runtime/events';
import {
  askOptionsOf,
  consumeCheckoutCompleted,
  type ConsumerDeps,
} from '../checkout/checkout-completed.consumer.ts';
import { CartContract } from './cart.contract.ts';

export const cartConsumerGroup = 'cart-service-consumer';

/** Takes what was bought out of the carts. */
export function startCartConsumer(deps: ConsumerDeps & { readonly refs: ActorRefs }): Promise<Subscription> {
  return consumeCheckoutCompleted(deps, cartConsumerGroup, async (event, record) => {
    const purchase = {
      checkoutId: event.checkout_id,
      lines: event.items.map((item) => ({ productId: item.product_id, quantity: item.quantity })),
      completedAt: event.completed_at,
    };
    await deps.refs.ref(CartContract, event.user_id).settlePurchase(purchase, askOptionsOf(record));
  });
}
