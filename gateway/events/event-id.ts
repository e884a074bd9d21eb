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

/** The id as it is sent, and comes back as `Last-Event-ID`. Readers treat it as opaque. */
export function eventIdOf(position: EventPosition): string {
  return sourceNames.map((name) => position[name] ?? '').join('.');
}

/** @throws ActorError `invalid_last_event_id` */
export function positionOf(lastEventId: string): EventPosition {
  const parts = lastEventId.split('.');
  const [cart = '', ...changes] = parts;
  const isOurs =
    parts.length === sourceNames.length &&
    /^(?:|0|[1-9][0-9]{0,15})$/.test(cart) &&
    changes.every((each) => each === '' || isChangePosition(each));
  if (!isOurs)
    throw new ShopError('invalid_last_event_id', 'Last-Event-ID: not the id of an event of this stream');
  return Object.fromEntries(sourceNames.map((name, i) => [name, parts[i] === '' ? undefined : parts[i]]));
}
