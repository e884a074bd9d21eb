import type { ParseArgsConfig } from 'node:util';
import { readCommandLine } from '../../shop/process/run-command.ts';
import { UsageProblem } from '../../shop/process/start-problem.ts';

/** @throws UsageProblem in one line */
export function readFlags<const F extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  flags: F,
) {
  return readCommandLine({ args, options: flags }).values;
}

/** @throws UsageProblem in one line */
export function wholeNumber(flag: string, given: string | undefined, otherwise: number, least = 1): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageProblem(`--${flag} must be a whole number of at least ${least}, not '${given}'.`);
}

/** Names with commas between them. @throws UsageProblem in one line */
export function namesOf<N extends string>(flag: string, list: string, known: readonly N[]): N[] {
  return list.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new UsageProblem(`--${flag} knows ${known.join(', ')}, not '${name}'.`);
    return found;
  });
}
