import type { ServerResponse } from 'node:http';
import type { ActorError } from '@trolley/runtime';
import { errorAnswer } from '../error-answer.ts';
import { jsonType, toJsonBody, type Body } from '../money-json.ts';

export type StreamBody = (output: ServerResponse) => void;

/** An answer as it leaves. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, of this answer alone. */
  readonly headers: readonly string[];
  readonly body?: Body;
  /** Writes the body as it comes, once the head has left, and ends it. */
  readonly stream?: StreamBody;
}

/** An error in the one form that errors have outside. */
export function answerOfError(error: ActorError, requestId: string): Answer & { readonly body: Body } {
  const { status, headers, body } = errorAnswer(error, requestId);
  return {
    status,
    headers: ['Cache-Control', 'no-store', ...Object.entries(headers).flat(), 'Content-Type', jsonType],
    body: toJsonBody(body),
  };
}
