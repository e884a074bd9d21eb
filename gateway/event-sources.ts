import type { Changes, ChangesPage } from '../actors/changes/changes.queries.ts';
import type { EventSource, EventSources, SourcePage } from './events/event-source.ts';
import type { Json } from './money-json.ts';
import { cartJson } from './routes/cart-routes.ts';
import { checkoutWithHistoryJson } from './routes/checkout-routes.ts';
import { orderText } from './routes/order-routes.ts';
import type { Shop } from './shop.ts';

/** The sources of a user's events: the stores of record, and no log beside them that could be late or lost. */
export function createEventSources({ carts, prices, changes }: Shop): EventSources {
  return {
    async cart(userId, position, call) {
      const view = await carts.get(userId, call);
      const next = String(view.version);
      const rest = { next, hasMore: false, isForeign: false };
      // Unequal, not greater: after a restore the cart may have an older version.
      if (next === position) return { events: [], ...rest };
      const ids = view.items.map(({ productId }) => productId);
      const body = cartJson(view, await prices.pricesOf(ids, call));
      return { events: [{ id: view.cartId, version: view.version, body }], ...rest };
    },
    checkout: fromChanges(changes.checkouts, checkoutWithHistoryJson),
    order: fromChanges(changes.orders, orderText),
  };
}

function fromChanges<V>(changes: Changes<V>, jsonOf: (view: V) => Json): EventSource {
  const written = ({ changed, ...page }: ChangesPage<V>): SourcePage => ({
    ...page,
    events: changed.map(({ view, ...rest }) => ({ ...rest, body: jsonOf(view) })),
  });
  return async (userId, position) => written(await changes.changedSince(userId, position));
}
