import type { Clock, Logger } from '@trolley/runtime';
import { createShedding, type Shedding } from './load-shedding.ts';
import { LoopDelay } from './loop-delay.ts';

export interface OpenSheddingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly aboveMs: number;
}

export interface OpenShedding {
  readonly shedding: Shedding;
  readonly stop: () => void;
}

/** Load shedding by how late this process comes to what is due. */
export function openShedding(options: OpenSheddingOptions): OpenShedding {
  const loopDelay = new LoopDelay(options.clock);
  return { shedding: createShedding({ ...options, loopDelay }), stop: () => loopDelay.stop() };
}
