import type { NodeObserver } from '@trolley/runtime';
import type { ChangePublisher } from '../../../actors/changes/change-notices.contract.ts';
import { CheckoutContract } from '../../../actors/checkout/checkout.contract.ts';
import type { CheckoutState } from '../../../actors/checkout/checkout.state.ts';
import { OrderContract } from '../../../actors/order/order.contract.ts';
import type { OrderState } from '../../../actors/order/order.state.ts';

/** Tells of checkouts and orders once they are written. Carts are told of by what puts their view in place. */
export function tellChanges(notices: ChangePublisher): NonNullable<NodeObserver['stateWritten']> {
  return ({ actor: { type }, after }) => {
    // What each store was given: the runtime has held it against the schema.
    if (type === CheckoutContract.type) {
      const { session } = after as CheckoutState;
      if (session !== null) notices.publish(session.context.userId, 'checkout');
    } else if (type === OrderContract.type) {
      const { order } = after as OrderState;
      if (order !== null) notices.publish(order.userId, 'order');
    }
  };
}
