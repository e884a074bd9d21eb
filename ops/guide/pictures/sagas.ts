import type { AnyStateMachine } from 'xstate';
import { checkoutMachine } from '../../../actors/checkout/checkout.machine.ts';

/** The machines of the shop, by the file that each is in. */
export const sagas: Readonly<Record<string, { readonly name: string; readonly machine: AnyStateMachine }>> = {
  'actors/checkout/checkout.machine.ts': { name: 'checkout-saga', machine: checkoutMachine },
};
