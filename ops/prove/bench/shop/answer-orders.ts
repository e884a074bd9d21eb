import type { ChildProblem } from '../measure/child.ts';
import type { Load, LoadOrder } from './load-order.ts';
import type { LoadResult } from '../load/loops.ts';

/** What a generator can do. */
export interface NamedLoads<Name extends string> {
  readonly byName: Readonly<Record<Name, (load: Load) => Promise<LoadResult>>>;
  /** Holds what is there against what was answered. Returns how many orders there must be. */
  audit(): Promise<number>;
}

const nothing: LoadResult = { operations: 0, tookMs: 0, latencies: {}, processorMicros: 0 };

/** Lives as a process that loads a shop and checks its answers; its parent talks to it over IPC. */
export async function answerOrders<Name extends string>(
  opening: () => Promise<NamedLoads<Name>>,
): Promise<void> {
  // Before anything is awaited: the parent is gone, or wants no more.
  process.once('disconnect', () => process.exit(1));
  process.once('SIGTERM', () => process.exit(0));
  const loads = await opening();

  async function carryOut(order: LoadOrder<Name>): Promise<LoadResult> {
    if (isAudit(order)) return { ...nothing, operations: await loads.audit() };
    return loads.byName[order.do](order);
  }

  async function answer(order: LoadOrder<Name>): Promise<LoadResult | ChildProblem> {
    try {
      return await carryOut(order);
    } catch (error) {
      return { problem: `${order.do}: ${(error as Error).message}` };
    }
  }

  process.on('message', (order: LoadOrder<Name>) => void answer(order).then((sent) => process.send?.(sent)));
  process.send?.(nothing);
}

const isAudit = (order: { readonly do: string }): order is { readonly do: 'audit' } => order.do === 'audit';
