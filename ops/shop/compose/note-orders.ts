import type { NodeObserver } from '@trolley/runtime';
import { CheckoutContract } from '../../../actors/checkout/checkout.contract.ts';
import type { CheckoutState } from '../../../actors/checkout/checkout.state.ts';
import { OrderContract } from '../../../actors/order/order.contract.ts';
import type { OrderState } from '../../../actors/order/order.state.ts';
import type { ExpectedOrders } from '../../../actors/order/expected-orders.ts';

/** Notes which orders are to come, and that they are there. `writes`: whether this node is the one that writes it. */
export function noteOrders(
  orders: ExpectedOrders,
  writes: (checkoutId: string) => boolean,
): NonNullable<NodeObserver['stateWritten']> {
  return ({ actor: { type }, before, after }) => {
    if (type === CheckoutContract.type) {
      const [past, now] = [before, after].map((state) => (state as CheckoutState).session?.context);
      if (now?.status !== 'COMPLETED' || past?.status === 'COMPLETED') return;
      if (writes(now.checkoutId)) orders.expect(now.userId, now.checkoutId);
    } else if (type === OrderContract.type) {
      const { order } = after as OrderState;
      if (order !== null) orders.written(order.userId, order.checkoutId);
    }
  };
}
