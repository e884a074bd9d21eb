import { isForeseen, reasonOf } from '@trolley/runtime/observe';
import { isOfSystem, isStartProblem } from '../../shop/process/start-problem.ts';

/** What servers, files and networks do now and then, in words; undefined: a fault of this program. */
export const foreseenReason = (error: unknown): string | undefined =>
  isStartProblem(error) || isForeseen(error) || isOfSystem(error) ? reasonOf(error) : undefined;
