import { checkoutMachine } from './checkout.machine.ts';
import { inertMachine } from './inert-machine.ts';

/** The saga's machine, for whoever steps it: those that run a checkout, and those that run one again to look at it. */
export const inertCheckout = inertMachine(checkoutMachine);
