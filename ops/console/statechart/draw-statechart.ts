import { render } from 'state-machine-cat';
import { finishPicture } from './finish-picture.ts';
import { StatechartError, type Statechart } from './statechart.ts';
import { toSmcat } from './to-smcat.ts';

export interface DrawOptions {
  /** Which way time goes. Default: `top-down`. */
  readonly direction?: 'top-down' | 'left-right';
  /** Also what is done on entry, on exit and on the way. Default: true. */
  readonly actions?: boolean;
  /** Of states and transitions together. Laying out takes the thread for as long as it takes. Default: 1,000. */
  readonly maxElements?: number;
}

/**
 * A statechart as SVG that needs nothing but itself: no script, no font, no other file. The same chart gives the same
 * text, on every machine. Throws `StatechartError` where it is too large.
 */
export async function drawStatechart(
  chart: Statechart,
  { direction = 'top-down', actions = true, maxElements = 1000 }: DrawOptions = {},
): Promise<string> {
  const { length: states } = chart.states;
  const { length: transitions } = chart.transitions;
  if (states + transitions > maxElements) {
    throw new StatechartError(
      `${chart.id} has ${states} states and ${transitions} transitions: more than ${maxElements} together are not drawn.`,
    );
  }
  const { machine, elements } = toSmcat(chart, { actions });
  const attributes = { ordering: '""', nodesep: '0.4', ranksep: direction === 'top-down' ? '0.35' : '0.5' };
  const drawn = await render(machine, {
    inputType: 'json',
    outputType: 'svg',
    direction,
    dotEdgeAttrs: [{ name: 'fontsize', value: '11' }],
    dotGraphAttrs: Object.entries(attributes).map(([name, value]) => ({ name, value })),
  });
  return finishPicture(drawn, chart, elements);
}
