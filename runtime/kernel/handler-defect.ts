import type { AnyActor } from '../define/actor.ts';
import { checkCarried } from '../define/carried-value.ts';
import type { MessageSpec } from '../define/contract.ts';
import { HandlerDefect, parsed } from '../define/defect.ts';
import type { TurnDraft } from './turn-draft.ts';

/** What V8 says of a change in place of what is frozen. */
const frozenChange = /read only property|not extensible|Cannot (delete|redefine) property/;

/** What a handler threw; a defect if it changed in place what is kept. */
export function thrownBy(name: string, error: unknown): unknown {
  if (!(error instanceof TypeError && frozenChange.test(error.message))) return error;
  const sentence = `${name} changed in place what its actor keeps, which is frozen: turn.set takes a changed copy`;
  return new HandlerDefect(`${sentence} (${error.message})`, { cause: error });
}

/**
 * Holds a new state against the actor's schema, so that nothing is stored that can't be loaded.
 * @throws HandlerDefect
 */
export function checkState({ definition }: AnyActor, before: TurnDraft, after: TurnDraft): void {
  const { state } = after.record;
  if (state !== before.record.state) parsed(definition.state, state, "the handler's state", 'schema');
}

/**
 * An answer, direct or deferred, as the contract's schema of its message gives it.
 * @throws HandlerDefect when the contract does not allow it; TypeError when JSON can't carry it
 */
export function checkedAnswer({ output }: MessageSpec, answer: unknown): unknown {
  const data = output && parsed(output, answer, "the handler's answer", 'contract');
  checkCarried("the handler's answer", data);
  return data;
}
