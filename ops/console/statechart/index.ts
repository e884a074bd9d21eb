/*
 * Statecharts of XState machines. `readMachine` makes data of a machine, `drawStatechart` a picture of that, and
 * `Drawings` keeps the pictures of those that are asked for again.
 */
export {
  StatechartError,
  type ChartState,
  type ChartTransition,
  type Kind,
  type Statechart,
  type Trigger,
} from './statechart.ts';
export { readMachine, type ReadOptions } from './read-machine.ts';
export { drawStatechart, type DrawOptions } from './draw-statechart.ts';
export { Drawings, type DrawingsOptions } from './drawings.ts';
export { elementId } from './finish-picture.ts';
export {
  tracePath,
  type Path,
  type PathStep,
  type RecordedStep,
  type StateValue,
  type Visit,
} from './trace-path.ts';
export { statechartHandler, type StatechartHandlerOptions } from './page-handler.ts';
export { pageFile, type PageFile } from './page-files.ts';
export { streamCounts, type StreamOptions } from './count-stream.ts';
export type { Counts, RunSummary, StatechartHost } from './page-host.ts';
