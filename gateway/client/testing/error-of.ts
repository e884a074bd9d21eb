import { expect } from 'chai';
import { isTrolleyError, type AnyTrolleyError } from '../index.ts';

/** What a call rejects with. */
export async function errorOf(call: Promise<unknown>): Promise<AnyTrolleyError> {
  try {
    await call;
  } catch (error) {
    if (isTrolleyError(error)) return error;
    throw error;
  }
  return expect.fail('the call was answered');
}
