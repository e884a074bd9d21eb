import { reservationIdFor } from '../../services/inventory/reservation-id.ts';
import { defineRetriable } from '../checkout.step.ts';

/** Makes the reserved stock sold. Nothing comes after it that could fail, so nothing undoes it. */
export const confirm = defineRetriable({
  name: 'Confirm',
  label: 'Confirm the sale',
  failure: () => 'reservation_expired',
  async invoke({ inventory }, { checkoutId }, call) {
    await inventory.confirm(reservationIdFor(checkoutId), call());
    return { type: 'done' };
  },
});
