import { isChangePosition } from '../../actors/changes/changes.queries.ts';
import { ShopError } from '../error-table.ts';

/** How far a stream has read each of its sources; undefined: not begun. */
export interface EventPosition {
  /** The version of the cart that was sent last. */
  readonly cart?: string | undefined;
  /** Positions in the changes of checkouts, and of orders. */
  readonly checkout?: string | undefined;
  readonly order?: string | undefined;
}

export const sourceNames = ['cart', 'checkout', 'order'] as const;
export type SourceName = (typeof sourceNames)[number];

/**
 * The id as it is sent, and comes back as `Last-Event-ID`. Readers treat it as opaque. Undefined until each source was
 * read: a reader that resumed there would miss what the others have told meanwhile.
 */
export function eventIdOf({ cart, checkout, order }: EventPosition): string | undefined {
  if (cart === undefined || checkout === undefined || order === undefined) return undefined;
  return [cart, checkout, order].join('.');
}

/** @throws ActorError `invalid_last_event_id` */
export function positionOf(lastEventId: string): EventPosition {
  const [cart = '', checkout = '', order = '', ...more] = lastEventId.split('.');
  const isVersion = /^(?:0|[1-9][0-9]{0,15})$/.test(cart);
  if (isVersion && isChangePosition(checkout) && isChangePosition(order) && more.length === 0)
    return { cart, checkout, order };
  throw new ShopError('invalid_last_event_id', 'Last-Event-ID: not the id of an event of this stream');
}
