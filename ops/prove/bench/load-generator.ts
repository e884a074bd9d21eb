import { optionsOfParent } from '../../shop/environment.ts';
import type { ChildProblem } from './measure/child.ts';
import type { LoadResult } from './load/loops.ts';
import { Loads } from './shop/loads.ts';
import type { GeneratorOrder, GeneratorSettings } from './shop/load-order.ts';

/* The process that loads the shop and checks its answers. Its parent talks to it over IPC. */

// Before anything is awaited: the parent is gone, or wants no more.
process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => process.exit(0));

const loads = await Loads.open(optionsOfParent() as GeneratorSettings);
const nothing: LoadResult = { operations: 0, tookMs: 0, latencies: {}, processorMicros: 0 };

async function carryOut(order: GeneratorOrder): Promise<LoadResult> {
  if (order.do === 'audit') return { ...nothing, operations: await loads.audit() };
  return loads.byName[order.do](order);
}

async function answer(order: GeneratorOrder): Promise<LoadResult | ChildProblem> {
  try {
    return await carryOut(order);
  } catch (error) {
    return { problem: `${order.do}: ${(error as Error).message}` };
  }
}

process.on('message', (order: GeneratorOrder) => void answer(order).then((sent) => process.send?.(sent)));
process.send?.(nothing);
