import type { Delivery } from '../mailbox/mailbox.ts';
import type { EffectResult } from './apply-turn.ts';

/** What one turn takes up. */
export interface TakenUp {
  readonly outcomes: readonly EffectResult[];
  /** Handled by an earlier turn, to end with the write of this one. */
  readonly unended: readonly Delivery[];
  /** Messages that came up; of these, as many as may be handled together. */
  readonly hand: readonly Delivery[];
  readonly changing: readonly Delivery[];
  readonly reading: readonly Delivery[];
}

export const nothingTaken: TakenUp = { outcomes: [], unended: [], hand: [], changing: [], reading: [] };
