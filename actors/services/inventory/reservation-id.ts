import { uuidV5 } from '@trolley/runtime/adapters';

const namespace = 'b1f2c1de-5b0c-4c43-9d5e-0c7a3f6b8e21';

/** The reservation of a checkout: known before Reserve has answered, so that it can always be released. */
export function reservationIdFor(checkoutId: string): string {
  return uuidV5(namespace, checkoutId);
}
