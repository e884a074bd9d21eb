import type { AnyActor } from '../define/actor.ts';
import { checkCarried } from '../define/carried-value.ts';
import { ActorError } from '../define/errors.ts';
import type { ActorRecord } from '../storage/state-store.ts';

/**
 * What is stored of an actor, in the shape of this version of its definition.
 * @throws ActorError `unavailable` when a newer version stored it: this node must leave it alone
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
    const state: unknown = definition.initial(key, now);
    checkCarried(`the initial state of ${contract.type} ${key}`, state);
    return { state, ...schema, applied: [], effects: [], waiting: [] };
  }
  const from = stored.schema ?? 1;
  if (from > version) {
    throw new ActorError(
      'unavailable',
      `${contract.type} ${key} was stored by version ${from}, this node has version ${version}`,
    );
  }
  const state: unknown =
    from < version ? (definition.migrate?.(stored.state, from) ?? stored.state) : stored.state;
  return { ...stored, ...schema, state: definition.state.parse(state) as unknown };
}
