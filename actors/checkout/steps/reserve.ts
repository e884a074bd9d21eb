import { codeOf } from '@trolley/runtime';
import { reservationIdFor } from '../../services/inventory/reservation-id.ts';
import { defineCompensation, defineCompensatable } from '../checkout.step.ts';

const refusals: Readonly<Record<string, string>> = {
  insufficient_stock: 'insufficient_stock',
  not_found: 'product_unavailable',
};

/** Sets the stock aside. */
export const reserve = defineCompensatable({
  name: 'Reserve',
  label: 'Reserve the stock',
  keeps: ['reservationId'],
  limit: { setting: 'reserveMs', failure: () => 'inventory_unavailable' },
  failure: (code) => refusals[code] ?? 'reservation_refused',
  answerMayWait: true,
  input: ({ lines }) => ({ items: lines.map(({ productId, quantity }) => ({ productId, quantity })) }),
  async invoke({ inventory }, { checkoutId, items }, call) {
    const { reservationId } = await inventory.reserve({ checkoutId, items }, call());
    return { type: 'done', reservationId };
  },

  compensation: defineCompensation({
    name: 'Release',
    label: 'Give the stock back',
    mark: 'reservation',
    isDoneIfNotFound: true,
    async invoke({ inventory }, { checkoutId }, call) {
      const reservationId = reservationIdFor(checkoutId);
      try {
        await inventory.release(reservationId, call());
      } catch (error) {
        if (codeOf(error) !== 'conflict') throw error;
        // Sold: by a Confirm that was under way for longer than its checkout, or whose answer was never on record.
        await inventory.restock(reservationId, call());
      }
      return { type: 'done' };
    },
  }),
});
