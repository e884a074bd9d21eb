/** What is looked at, in the order in which it is told. */
export const areas = [
  'files',
  'stock',
  'reservations',
  'payments',
  'checkouts',
  'orders',
  'events',
  'carts',
] as const;
export type Area = (typeof areas)[number];

/** What `--fix` can do. Each may be done again, and then changes nothing. */
export type Mending =
  | 'recount'
  | 'release'
  | 'restock'
  | 'sell'
  | 'refund'
  | 'wake'
  | 'publish'
  | 'release-claim'
  | 'settle-claim';

interface Fault {
  readonly area: Area;
  /** Follows a number and stands before ids. */
  readonly what: string;
  /** For a person, where nothing can be mended without one. */
  readonly todo?: string;
  readonly mending?: Mending;
}

const nobody = 'and neither a checkout nor an order is known';

/** Everything that one store can say and another deny. */
export const faults = {
  'file-damaged': {
    area: 'files',
    what: 'files that are damaged',
    todo: 'restore the last backup that does not say so: see ops/operate/runbook/backup.md',
  },
  'rows-orphaned': {
    area: 'files',
    what: 'tables with rows that belong to rows which are not there',
    todo: 'see what else is found of them',
  },

  'stock-reserved': {
    area: 'stock',
    what: 'products whose reserved units are not those of their reservations',
    mending: 'recount',
  },
  'stock-sold': {
    area: 'stock',
    what: 'products whose sold units are not those of their confirmed reservations',
    mending: 'recount',
  },
  'stock-sum': {
    area: 'stock',
    what: 'products whose available, reserved and sold units are not what was stocked',
    mending: 'recount',
  },
  'items-without-reservation': {
    area: 'stock',
    what: 'reservations of which there are only the items',
    todo: 'if an order has them, its reservation is made again; else delete the items',
  },
  'items-without-stock': {
    area: 'stock',
    what: 'products that are reserved, and have no stock',
    todo: 'count them, and set their stock (SetStock)',
  },

  'reservation-unknown': {
    area: 'reservations',
    what: `holding stock, ${nobody}`,
    mending: 'release',
  },
  'reservation-of-failed': {
    area: 'reservations',
    what: 'holding stock, and the checkout failed',
    mending: 'release',
  },
  'reservation-missing': {
    area: 'reservations',
    what: 'completed, and the inventory has sold nothing: the units are for sale again',
    mending: 'sell',
  },
  'reservation-returned': {
    area: 'reservations',
    what: 'completed, and the units went back into the stock although no order was cancelled',
    todo: 'cancel the order, or take the units off the stock (SetStock)',
  },
  'restock-missing': {
    area: 'reservations',
    what: 'cancelled, and the units did not go back into the stock',
    mending: 'restock',
  },
  'reservation-lines': {
    area: 'reservations',
    what: 'reserved with other units than were bought',
    todo: 'count the products, and set their stock (SetStock)',
  },
  'reservation-id': {
    area: 'reservations',
    what: 'reserved under an id that is not of the checkout, so that nobody releases it',
    todo: 'release it by its own id (Release)',
  },

  'charge-unknown': { area: 'payments', what: `charged, ${nobody}`, mending: 'refund' },
  'charge-foreign': {
    area: 'payments',
    what: `charged under an id that is none of a checkout, ${nobody}`,
    todo: 'somebody else uses the payment service: ask who, before it is refunded',
  },
  'charge-of-failed': { area: 'payments', what: 'charged, and the checkout failed', mending: 'refund' },
  'charge-missing': {
    area: 'payments',
    what: 'completed, and the payment service has no charge: the money was never taken, or its record is lost',
    todo: "look it up in the provider's own book",
  },
  'charge-returned': {
    area: 'payments',
    what: 'completed, and the money was given back although no order was cancelled',
    todo: 'cancel the order, or ask the customer to pay again',
  },
  'refund-missing': {
    area: 'payments',
    what: 'cancelled, and the money was not given back',
    mending: 'refund',
  },
  'charge-amount': {
    area: 'payments',
    what: 'charged with another amount or currency than was bought for',
    todo: 'settle the difference with the customer',
  },

  'checkout-unreadable': {
    area: 'checkouts',
    what: 'rows of checkout_sessions that cannot be read',
    todo: 'compare them with a backup',
  },
  'checkout-stuck': {
    area: 'checkouts',
    what: 'unfinished, and no step of theirs is wanted: nothing moves them',
    todo: 'give back what they hold (Refund, Release), and set their status to FAILED',
  },
  'checkout-put-off': {
    area: 'checkouts',
    what: 'unfinished, and their next step is wanted only far in the future',
    mending: 'wake',
  },

  'order-missing': {
    area: 'orders',
    what: 'completed, and there is no order although its event was handled or lost',
    mending: 'publish',
  },
  'order-unknown': {
    area: 'orders',
    what: 'orders of checkouts that are not known',
    todo: 'find out who published their events; cancel those that nobody paid for',
  },
  'order-of-unfinished': {
    area: 'orders',
    what: 'orders of checkouts that have not completed',
    todo: 'cancel them',
  },
  'order-differs': {
    area: 'orders',
    what: 'orders that differ from their checkouts',
    todo: 'compare them with the event in the outbox, and with what the customer was told',
  },
  'order-unreadable': {
    area: 'orders',
    what: 'rows of orders that cannot be read',
    todo: 'compare them with a backup',
  },
  'order-stuck': {
    area: 'orders',
    what: 'cancelled, and nothing gives back what is still to be given back',
    todo: 'refund and restock (Refund, Restock), and set details to refunded and restocked',
  },

  'event-missing': {
    area: 'events',
    what: 'completed within the last days, and no event of it is in the outbox',
    mending: 'publish',
  },
  'event-twice': {
    area: 'events',
    what: 'completed with more than one event',
    todo: 'nothing: they are applied once. Find out who wrote the second',
  },
  'event-unknown': {
    area: 'events',
    what: 'events of checkouts that did not complete',
    todo: 'delete those that wait (processed_at IS NULL), before they make orders',
  },
  'event-differs': {
    area: 'events',
    what: 'events that differ from their checkouts',
    todo: 'compare them with the order, and with what the customer was told',
  },

  'cart-unreadable': { area: 'carts', what: 'carts that cannot be read', todo: 'compare them with a backup' },
  'claim-unknown': {
    area: 'carts',
    what: 'holding lines of a cart, and no such checkout is known',
    mending: 'release-claim',
  },
  'claim-of-failed': {
    area: 'carts',
    what: 'holding lines of a cart, and the checkout failed',
    mending: 'release-claim',
  },
  'claim-of-completed': {
    area: 'carts',
    what: 'bought, and their lines are still in the cart',
    mending: 'settle-claim',
  },
  'claim-exceeds': {
    area: 'carts',
    what: 'holding more of a product than lies in the cart',
    todo: 'nothing: they buy what they had priced',
  },
  'settled-unknown': {
    area: 'carts',
    what: 'taken out of a cart as bought, and neither a checkout nor an order is known: their orders are lost',
    todo: 'ask the customers what they had bought',
  },
  'settled-failed': {
    area: 'carts',
    what: 'taken out of a cart as bought, and the checkout did not complete',
    todo: 'tell the customers that their lines are gone',
  },
  'cart-unsettled': {
    area: 'carts',
    what: 'bought, and the cart does not know of it: their lines may be in it still',
    mending: 'publish',
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

export function faultNamed(name: FaultName): Fault {
  return faults[name];
}
