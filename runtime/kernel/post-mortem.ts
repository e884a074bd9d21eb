import type { PostMortem } from '../mailbox/mailbox.ts';
import { excerptOf } from '../observe/excerpt.ts';
import { causesOf } from '../observe/reason.ts';

const maxStateBytes = 16_384;

/** What is kept of a failure for whoever looks into it later: why, and the state that the message came to. */
export function postMortem(error: unknown, state: unknown): PostMortem {
  return { causes: causesOf(error), state: excerptOf(state, maxStateBytes) };
}
