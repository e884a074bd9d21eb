import { defineCompensation, defineCompensatable } from '../checkout.step.ts';

/** Takes the money. */
export const charge = defineCompensatable({
  name: 'Charge',
  label: 'Charge the buyer',
  keeps: ['paymentId'],
  limit: { setting: 'paymentMs', failure: () => 'payment_unavailable' },
  failure: (code) => `payment_declined: ${code}`,
  answerMayWait: true,
  input: ({ totalCents, currency, paymentMethod }) => ({
    amountCents: totalCents,
    currency,
    ...(paymentMethod === undefined ? {} : { paymentMethod }),
  }),
  async invoke({ payments }, { checkoutId, amountCents, currency, paymentMethod }, call) {
    const method = paymentMethod === undefined ? {} : { paymentMethod };
    const answer = await payments.charge({ checkoutId, amountCents, currency, ...method }, call());
    return answer.status === 'success'
      ? { type: 'done', paymentId: answer.paymentId }
      : { type: 'declined', reason: answer.reason };
  },

  compensation: defineCompensation({
    name: 'Refund',
    label: 'Refund the buyer',
    mark: 'charge',
    isDoneIfNotFound: true,
    async invoke({ payments }, { checkoutId }, call) {
      await payments.refund(checkoutId, call());
      return { type: 'done' };
    },
  }),
});
