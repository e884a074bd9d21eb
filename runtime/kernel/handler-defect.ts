import { z } from 'zod';
import type { AnyActor } from '../define/actor.ts';
import { checkCarried } from '../define/carried-value.ts';
import type { MessageSpec } from '../define/contract.ts';
import type { TurnDraft } from './turn-draft.ts';

/**
 * A handler made what its actor's schemas do not allow. Handlers are pure, so it would do so again: its message is
 * given up without another try.
 */
export class HandlerDefect extends Error {}

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
export function checkedAnswer(spec: MessageSpec | undefined, answer: unknown): unknown {
  // A caller of an older contract may still wait for an answer that this one does not know.
  const data =
    spec === undefined
      ? answer
      : spec.output && parsed(spec.output, answer, "the handler's answer", 'contract');
  checkCarried("the handler's answer", data);
  return data;
}

function parsed(schema: z.ZodType, value: unknown, what: string, whose: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new HandlerDefect(`${what} is not what its ${whose} says: ${z.prettifyError(result.error)}`);
}
