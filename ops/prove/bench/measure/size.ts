import { UsageProblem } from '../../../shop/process/start-problem.ts';

/* How much a bench does. */

export const roundsOption = { type: 'string', default: '5' } as const;
export const secondsOption = { type: 'string', default: '2' } as const;

/** @throws UsageProblem */
export function sizeOf(name: 'rounds' | 'seconds' | 'starts', given: string): number {
  const value = Number(given);
  if (value > 0 && value <= 600 && (name === 'seconds' || Number.isInteger(value))) return value;
  throw new UsageProblem(`--${name}: got '${given}', wanted a number up to 600.`);
}

/**
 * What is given in thousands.
 * @throws UsageProblem
 */
export function thousandsOf(given: string, least: number): number {
  const thousands = Number(given);
  if (Number.isInteger(thousands) && thousands >= least && thousands <= 10_000) return thousands * 1_000;
  throw new UsageProblem(`--size: got '${given}', wanted a number of thousands from ${least} to 10000.`);
}
