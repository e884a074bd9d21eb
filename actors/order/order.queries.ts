import type { OrderView } from './order.contract.ts';

export interface OrderPage {
  readonly orders: readonly OrderView[];
  readonly nextPageToken?: string;
}

/** Reads of orders across actors, from their store of record. */
export interface OrderQueries {
  /**
   * One page of a user's orders, newest first.
   * @throws ActorError `invalid_page_token`
   */
  list(
    userId: number,
    page: { readonly pageSize: number; readonly pageToken?: string | undefined },
  ): Promise<OrderPage>;
  get(orderId: string): Promise<OrderView | undefined>;
}

/** Orders that are about to be written. */
export interface OrdersToCome {
  /** Resolves when the order of the user's last checkout is written, or is late. Undefined: none is to come. */
  of(userId: number): Promise<void> | undefined;
}
