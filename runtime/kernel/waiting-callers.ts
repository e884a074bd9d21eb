import { keep } from '../define/carried-value.ts';
import type { MessageSpecs } from '../define/contract.ts';
import { HandlerDefect, parsed } from '../define/defect.ts';
import { isDeferrable } from '../define/deferred.ts';
import { ActorError } from '../define/errors.ts';
import { parse, type Schema } from '../define/schema.ts';
import type { WaitingCaller } from '../storage/state-store.ts';

/** What a handler knows of a caller who waits. */
export interface Waiting {
  readonly message: string;
  readonly tag: unknown;
}

/** By message, the schemas of the tags. */
export type TagSchemas = Readonly<Record<string, Schema>>;

/**
 * Holds a tag against the schema of its message, so that nothing is stored that can't be answered.
 * @throws HandlerDefect; TypeError when JSON can't carry it
 */
export function checkTag(tags: TagSchemas, message: string, tag: unknown): void {
  keep('the tag of a deferred answer', tag);
  const schema = tags[message];
  if (schema !== undefined) parsed(schema, tag, `the tag of ${message}`, 'schema');
  else if (tag !== undefined)
    throw new HandlerDefect(`${message} defers with a tag, and its actor declares none`);
}

/** A stored caller as this version of the actor understands it; or the error for one who would wait in vain. */
export function waitingOf(
  messages: MessageSpecs,
  tags: TagSchemas,
  { message, tag }: WaitingCaller,
): Waiting | { readonly error: ActorError } {
  if (!isDeferrable(messages[message])) {
    const sentence = `${message} was applied, but is not answered any more`;
    return { error: new ActorError('unknown_message', sentence) };
  }
  const schema = tags[message];
  if (schema === undefined) return { message, tag: undefined };
  const result = parse(schema, tag);
  if (result.success) return { message, tag: result.data };
  const sentence = `${message} was applied, but what was kept for its answer is not understood any more`;
  return { error: new ActorError('answer_dropped', sentence, { cause: new Error(result.reason) }) };
}
