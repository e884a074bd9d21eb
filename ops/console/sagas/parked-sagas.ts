import type { ParkedActor, ParkedActors } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import type { SagaSource, SagaSummary } from './saga-source.ts';

/** A saga as the console tells of it: with its actor, and whether that rests, which no stored saga knows. */
export interface ShownSaga extends SagaSummary {
  /** The actor that runs it, where one does. */
  readonly actor?: { readonly type: string; readonly key: string };
  readonly parked?: Pick<ParkedActor, 'type' | 'key' | 'message' | 'reason' | 'attempts' | 'at'>;
}

export interface ShownSagas {
  readonly items: readonly ShownSaga[];
  /** Why it is not known which of them are parked. */
  readonly unknown?: string;
}

/** Adds the actors of sagas, and why and since when these are parked. Until it is released, such a one takes no order. */
export async function withParked(
  { actorType: type }: SagaSource,
  items: readonly SagaSummary[],
  parked: Pick<ParkedActors, 'get'>,
): Promise<ShownSagas> {
  if (type === undefined) return { items };
  const named = items.map((saga) => ({ ...saga, actor: { type, key: saga.id } }));
  const shown = async (saga: ShownSaga): Promise<ShownSaga> => {
    const found = saga.ended ? undefined : await parked.get({ type }, saga.id);
    return found === undefined ? saga : { ...saga, parked: found, mayResume: false, mayCompensate: false };
  };
  try {
    return { items: await Promise.all(named.map(shown)) };
  } catch (error) {
    // The rest is as good as it was, and wanted most while something is away.
    return { items: named, unknown: reasonOf(error) };
  }
}
