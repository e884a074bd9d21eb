import { z } from 'zod';

export const CheckoutStatus = z.enum([
  'INITIATED',
  'INVENTORY_RESERVED',
  'PAYMENT_PENDING',
  'PAYMENT_COMPLETED',
  'COMPLETED',
  'FAILED',
]);
export type CheckoutStatus = z.infer<typeof CheckoutStatus>;
