import { parseArgs, type ParseArgsConfig } from 'node:util';
import { StartProblem } from '../infra/start-problem.ts';

/** @throws StartProblem in one line */
export function readFlags<F extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  flags: F,
) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: false }).values;
  } catch (cause) {
    throw new StartProblem(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** @throws StartProblem in one line */
export function wholeNumber(flag: string, given: string | undefined, otherwise: number, least = 1): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new StartProblem(`--${flag} must be a whole number of at least ${least}, not '${given}'.`);
}

/** Names with commas between them. @throws StartProblem in one line */
export function namesOf<N extends string>(flag: string, list: string, known: readonly N[]): N[] {
  return list.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new StartProblem(`--${flag} knows ${known.join(', ')}, not '${name}'.`);
    return found;
  });
}
