import {
  ActorError,
  backOffMs,
  type CanDefer,
  type Deferred,
  defineActor,
  type Outcome,
  type Turn,
} from '@trolley/runtime';
import { OrderContract, noSuchOrder, type OrderView } from './order.contract.ts';
import {
  createOrderEffects,
  type GiveBackInput,
  type OrderEffects,
  type OrderPorts,
} from './order.effects.ts';
import { OrderState, isGivenBack, moveTo, orderOf, viewOf, type Order } from './order.state.ts';

type OrderTurn = Turn<OrderState, OrderEffects, typeof OrderContract.messages>;

const retry = { firstMs: 500, maxMs: 60_000 };

/** The one order of a checkout. */
export function createOrderActor(ports: OrderPorts) {
  return defineActor(OrderContract, {
    state: OrderState,
    initial: () => ({ order: null }),
    effects: createOrderEffects(ports),
    // Hardly asked once it is created: lists of orders come from the store.
    idleMs: 1_000,
    createdBy: ['Create'],

    receive: {
      Create(turn, event) {
        const { order: existing } = turn.state;
        if (existing !== null) return viewOf(existing);
        if (event.checkout_id !== turn.key) {
          throw new ActorError('invalid_request', 'the event belongs to another order');
        }
        const order = orderOf(event, turn.now);
        turn.set({ order });
        return viewOf(order);
      },

      Cancel: (turn) => cancel(turn, found(turn.state)),

      SetStatus(turn, { status }) {
        const order = found(turn.state);
        if (status === 'CANCELLED') return cancel(turn, order);
        const moved = moveTo(order, status, turn.now);
        turn.set({ order: moved });
        return viewOf(moved);
      },
    },

    onResult: {
      Refund: (turn, outcome, input) => giveBack(turn, 'Refund', outcome, input),
      Restock: (turn, outcome, input) => giveBack(turn, 'Restock', outcome, input),
    },
  });
}

/** Decided at once, so that nothing is shipped any more; answered when everything was given back. */
function cancel(turn: OrderTurn & CanDefer, order: Order): OrderView | Deferred {
  if (order.status === 'CANCELLED') return isGivenBack(order) ? viewOf(order) : turn.defer();
  const { checkoutId, userId } = order;
  turn.set({ order: moveTo(order, 'CANCELLED', turn.now) });
  turn.perform('Refund', { checkoutId, userId, retries: 0 });
  return turn.defer();
}

function giveBack(
  turn: OrderTurn,
  step: 'Refund' | 'Restock',
  outcome: Outcome<void>,
  { retries, ...about }: GiveBackInput,
): void {
  const { order } = turn.state;
  if (order === null) return;
  if (!outcome.ok) {
    return turn.perform(step, { ...about, retries: retries + 1 }, { delayMs: backOffMs(retry, retries) });
  }
  const done = step === 'Refund' ? { refunded: true } : { restocked: true };
  const next = { ...order, ...done, updatedAt: turn.now };
  turn.set({ order: next });
  if (!next.restocked) return turn.perform('Restock', { ...about, retries: 0 });
  const view = () => viewOf(next);
  turn.answerWaiting({ Cancel: view, SetStatus: view });
}

/** @throws ActorError `not_found` */
function found({ order }: OrderState): Order {
  if (order === null) throw noSuchOrder();
  return order;
}
