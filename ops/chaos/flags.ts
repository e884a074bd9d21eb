import { StartProblem } from '../infra/start-problem.ts';

/** @throws StartProblem in one line */
export function wholeNumber(flag: string, given: string | undefined, otherwise: number, least = 1): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new StartProblem(`--${flag} must be a whole number of at least ${least}, not '${given}'.`);
}
