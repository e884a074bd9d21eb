import { isForeseen, reasonOf } from '@trolley/runtime/observe';

const brand = 'StartProblem';

/** Something the person at the terminal can put right: its message is shown as it is, without a stack. */
export class StartProblem extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = brand;
  }
}

export function isStartProblem(value: unknown): value is StartProblem {
  return value instanceof Error && value.name === brand;
}

/**
 * The error as a sentence about `what`, where it tells what servers, files and networks do now and then. A fault of this
 * program stays as it is.
 */
export function asStartProblem(what: string, error: unknown): unknown {
  if (isStartProblem(error) || !(isForeseen(error) || isOfSystem(error))) return error;
  return new StartProblem(`${what}: ${reasonOf(error)}`, { cause: error });
}

/** `EACCES: permission denied, mkdir '/backups'` */
export function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

const usageBrand = 'UsageProblem';

/** A command line that is not one: the person at the terminal has to write it anew. */
export class UsageProblem extends StartProblem {
  readonly kind = usageBrand;
}

export function isUsageProblem(value: unknown): value is UsageProblem {
  return isStartProblem(value) && 'kind' in value && value.kind === usageBrand;
}
