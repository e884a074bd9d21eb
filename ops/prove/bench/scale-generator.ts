import { optionsOfParent } from '../../shop/environment.ts';
import { answerOrders } from './shop/answer-orders.ts';
import { ScaleLoads, type ScaleSettings } from './scale/loads.ts';

/* The process that loads a shop of some size. */

await answerOrders(() => ScaleLoads.open(optionsOfParent() as ScaleSettings));
