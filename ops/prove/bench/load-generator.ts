import { optionsOfParent } from '../../shop/environment.ts';
import { answerOrders } from './shop/answer-orders.ts';
import type { GeneratorSettings } from './shop/load-order.ts';
import { Loads } from './shop/loads.ts';

/* The process that loads the shop, or a peer. */

await answerOrders(() => Loads.open(optionsOfParent() as GeneratorSettings));
