import type { Page } from 'playwright-core';

/** A rate as it is written, and by how much rounding may have changed it. */
export interface ShownRate {
  readonly perMinute: number;
  readonly inexactBy: number;
}

/** The numbers of the chart on a page of the console, as a person reads them at one moment. */
export interface ShownChart {
  /** By the id of the state. */
  readonly counts: Readonly<Record<string, number>>;
  /** By the event, over all transitions that it takes. */
  readonly rates: ReadonlyMap<string, ShownRate>;
}

const read = `({
  counts: [...document.querySelectorAll('.state .count')].map((count) =>
    [count.closest('.state').dataset.state, count.textContent]),
  flows: [...document.querySelectorAll('.transition .flow')].map((flow) =>
    [flow.closest('.transition').dataset.transition, flow.textContent]),
})`;

export async function readChart(page: Page): Promise<ShownChart> {
  const { counts, flows } =
    await page.evaluate<Record<'counts' | 'flows', readonly [string, string][]>>(read);
  const rates = new Map<string, ShownRate>();
  for (const [transition, text] of flows) {
    const event = decodeURIComponent(transition.split('/')[1] ?? '');
    // Of a transition that needs no event.
    if (event === '') continue;
    const { perMinute, inexactBy } = rateOf(text.trim());
    const sum = rates.get(event) ?? { perMinute: 0, inexactBy: 0 };
    rates.set(event, { perMinute: sum.perMinute + perMinute, inexactBy: sum.inexactBy + inexactBy });
  }
  const numbers = counts.map(([state, text]) => [state, Number(text.replaceAll(',', ''))]);
  return { counts: Object.fromEntries(numbers) as ShownChart['counts'], rates };
}

/** `4.2/s`, `13/s`, `5/min` */
function rateOf(text: string): ShownRate {
  const [, number, decimals, unit] = /^(\d+(\.\d)?)\/(s|min)$/.exec(text) ?? [];
  if (number === undefined) throw new Error(`'${text}' is no rate`);
  const times = unit === 's' ? 60 : 1;
  return { perMinute: Number(number) * times, inexactBy: (decimals === undefined ? 0.5 : 0.05) * times };
}
