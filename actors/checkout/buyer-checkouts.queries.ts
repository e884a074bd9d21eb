import type { CheckoutView } from './checkout.contract.ts';
import type { CheckoutStatus } from './checkout-status.contract.ts';

export interface CheckoutPage {
  readonly checkouts: readonly CheckoutView[];
  readonly nextPageToken?: string;
}

/** The checkouts of a buyer, from their store of record: one is there before anybody was answered. */
export interface BuyerCheckouts {
  /**
   * One page, newest first.
   * @throws ActorError `invalid_page_token`
   */
  list(
    userId: number,
    page: {
      readonly pageSize: number;
      readonly pageToken?: string | undefined;
      readonly status?: CheckoutStatus | undefined;
    },
  ): Promise<CheckoutPage>;
}
