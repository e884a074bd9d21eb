import type { Call } from '../call.ts';
import type { Json } from '../money-json.ts';
import type { SourceName } from './event-id.ts';

/** Something as it is now. */
export interface SourceEvent {
  readonly id: string;
  /** Another one with each change. */
  readonly version: number;
  readonly body: Json;
}

export interface SourcePage {
  readonly events: readonly SourceEvent[];
  /** Where to go on. */
  readonly next: string;
  readonly hasMore: boolean;
  /** Whether the position that was given is none of this source. */
  readonly isForeign: boolean;
}

/** What is another one than at a position; some of it may come again. Rejects while the store is away. */
export type EventSource = (userId: number, position: string | undefined, call: Call) => Promise<SourcePage>;

export type EventSources = Readonly<Record<SourceName, EventSource>>;
