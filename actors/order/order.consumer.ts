import type { ActorRefs } from '@trolley/runtime';
import type { Subscription } from '@trolley/runtime/events';
import {
  askOptionsOf,
  consumeCheckoutCompleted,
  type ConsumerDeps,
} from '../checkout/checkout-completed.consumer.ts';
import { OrderContract } from './order.contract.ts';

export const orderConsumerGroup = 'orders-service';

/** Makes an order of each completed checkout. */
export function startOrderConsumer(deps: ConsumerDeps & { readonly refs: ActorRefs }): Promise<Subscription> {
  return consumeCheckoutCompleted(deps, orderConsumerGroup, async (event, record) => {
    await deps.refs.ref(OrderContract, event.checkout_id).create(event, askOptionsOf(record));
  });
}
