import { type ActorError, isActorError } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import { asActorError } from '../../gateway/error-answer.ts';
import { meaningOf } from '../../gateway/error-table.ts';

/** Refusals of the console alone, beside those that the whole shop knows. */
const ownStatus: Readonly<Record<string, number>> = { read_only: 403, not_audited: 503 };

/** An error as it leaves the console. */
export interface ConsoleErrorAnswer {
  readonly status: number;
  readonly body: { readonly error: string; readonly code: string; readonly request_id: string };
  readonly retryAfterS?: number;
}

/** Operators are told the reason, the addresses of servers included: they are the ones who mend it. */
export function consoleErrorAnswer(thrown: unknown, requestId: string): ConsoleErrorAnswer {
  const error = asActorError(thrown);
  const status = ownStatus[error.code] ?? meaningOf(error.code).http;
  const { retryAfterMs } = error.details ?? {};
  return {
    status,
    body: {
      error: isActorError(thrown) ? reasonOf(thrown) : sentenceOf(error, thrown),
      code: error.code,
      request_id: requestId,
    },
    ...(typeof retryAfterMs === 'number' ? { retryAfterS: Math.ceil(retryAfterMs / 1000) } : {}),
  };
}

function sentenceOf(error: ActorError, thrown: unknown): string {
  return error.code === 'internal' ? 'something went wrong in the console, see its log' : reasonOf(thrown);
}
