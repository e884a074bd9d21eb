import type { Call } from '../call.ts';
import type { Json } from '../money-json.ts';
import type { SourceName } from './event-id.ts';

/** The newest state of one thing. */
export interface SourceEvent {
  readonly id: string;
  /** Changes with each change of the thing. */
  readonly version: number;
  readonly body: Json;
}

export interface SourcePage {
  readonly events: readonly SourceEvent[];
  /** The position to read on from. */
  readonly next: string;
  readonly hasMore: boolean;
  /** Whether the position that was given is unknown here, as after a restore of the store. */
  readonly isForeign: boolean;
}

/** Reads what has changed since a position; some of it may be read again. Rejects while the store is away. */
export type EventSource = (userId: number, position: string | undefined, call: Call) => Promise<SourcePage>;

export type EventSources = Readonly<Record<SourceName, EventSource>>;
