import type { AnyActor } from '../define/actor.ts';
import { checkCarried } from '../define/carried-value.ts';
import type { MessageSpec } from '../define/contract.ts';
import { HandlerDefect, parsed } from '../define/defect.ts';
import { isZod, type Schema } from '../define/schema.ts';
import { isStillValid } from '../define/still-valid.ts';
import type { TurnDraft } from './turn-draft.ts';

/** What V8 says of a change in place of what is frozen. */
const frozenChange = /read only property|not extensible|Cannot (delete|redefine) property/;

/** What a handler threw; a defect if it changed in place what is kept. */
export function thrownBy(name: string, error: unknown): unknown {
  if (!(error instanceof TypeError && frozenChange.test(error.message))) return error;
  const sentence = `${name} changed in place what its actor keeps, which is frozen: turn.set takes a changed copy`;
  return new HandlerDefect(`${sentence} (${error.message})`, { cause: error });
}

/** The schemas that states were held against, as they were set. */
const takenBy = new WeakMap<object, Schema>();

/**
 * Holds a new state against the actor's schema, so that nothing is stored that can't be loaded. What it shares with the
 * state before it was held against it then, and is frozen.
 * @throws HandlerDefect
 */
export function checkState(
  actor: AnyActor,
  { record: before }: TurnDraft,
  { record: after }: TurnDraft,
): void {
  if (after.state === before.state) return;
  const schema: Schema = actor.definition.state;
  // Not so what was loaded or is initial: the one has been through the schema, the other was never held against it.
  const isKnown = isObject(before.state) && takenBy.get(before.state) === schema;
  if (!isKnown || !isZod(schema) || !isStillValid(schema, after.state, before.state)) {
    parsed(schema, after.state, "the handler's state", 'schema');
  }
  if (isObject(after.state)) takenBy.set(after.state, schema);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * An answer, direct or deferred, as the contract's schema of its message gives it.
 * @throws HandlerDefect when the contract does not allow it; TypeError when JSON can't carry it
 */
export function checkedAnswer({ output }: MessageSpec, answer: unknown): unknown {
  const data = output && parsed(output, answer, "the handler's answer", 'contract');
  checkCarried("the handler's answer", data);
  return data;
}
