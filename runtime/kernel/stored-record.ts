import type { AnyActor } from '../define/actor.ts';
import { keep } from '../define/carried-value.ts';
import { ActorError } from '../define/errors.ts';
import { parseOrThrow } from '../define/schema.ts';
import type { ActorRecord } from '../storage/state-store.ts';

/** @throws ActorError `unavailable` when a newer version stored it: this node must leave it alone */
export function checkVersion(
  { definition, contract }: AnyActor,
  key: string,
  stored: { readonly schema?: number | undefined },
): void {
  const version = definition.version ?? 1;
  const from = stored.schema ?? 1;
  if (from <= version) return;
  throw new ActorError(
    'unavailable',
    `${contract.type} ${key} was stored by version ${from}, this node has version ${version}`,
  );
}

/**
 * What is stored of an actor, in the shape of this version of its definition.
 * @throws whatever `initial`, `migrate` or the schema throws
 */
export function recordOf(
  { definition, contract }: AnyActor,
  key: string,
  now: number,
  stored?: ActorRecord,
): ActorRecord {
  const version = definition.version ?? 1;
  const schema = version === 1 ? {} : { schema: version };
  if (stored === undefined) {
    const state = initialState({ definition, contract }, key, now);
    return { state, ...schema, applied: [], effects: [], waiting: [] };
  }
  const from = stored.schema ?? 1;
  const state: unknown =
    from < version ? (definition.migrate?.(stored.state, from) ?? stored.state) : stored.state;
  const parsed: unknown = parseOrThrow(definition.state, state);
  return {
    ...stored,
    ...schema,
    state: keep(`the state of ${contract.type} ${key}`, parsed),
    effects: keep('effects', stored.effects),
    waiting: keep('waiting callers', stored.waiting),
  };
}

/** The state of a key that nothing is stored for. */
export function initialState({ definition, contract }: AnyActor, key: string, now: number): unknown {
  return keep(`the initial state of ${contract.type} ${key}`, definition.initial(key, now) as unknown);
}
