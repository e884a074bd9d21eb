import { inspect } from 'node:util';
import { isActorError, type ActorError } from '@trolley/runtime';

/** The error of ours that `promise` rejects with; fails when it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<ActorError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('value' in outcome) throw new Error(`expected a refusal, got ${inspect(outcome.value)}`);
  if (!isActorError(outcome.error)) throw outcome.error;
  return outcome.error;
}

/** Its code. */
export async function refusalOf(promise: Promise<unknown>): Promise<string> {
  return (await failureOf(promise)).code;
}
