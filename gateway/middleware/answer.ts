import type { ServerResponse } from 'node:http';
import type { ActorError } from '@trolley/runtime';
import { errorAnswer } from '../error-answer.ts';
import { jsonType, toJsonBytes } from '../money-json.ts';

export type StreamBody = (output: ServerResponse) => void;

/** An answer as it leaves. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, of this answer alone. */
  readonly headers: readonly string[];
  readonly body?: Buffer;
  /** Writes the body as it comes, once the head has left, and ends it. */
  readonly stream?: StreamBody;
}

/** An error in the one form that errors have outside. */
export function answerOfError(error: ActorError, requestId: string): Answer & { readonly body: Buffer } {
  const { status, headers, body } = errorAnswer(error, requestId);
  return {
    status,
    headers: ['Cache-Control', 'no-store', ...Object.entries(headers).flat(), 'Content-Type', jsonType],
    body: toJsonBytes(body),
  };
}
