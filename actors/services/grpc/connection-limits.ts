/** What keeps connections from staying open for nothing. */
export interface ConnectionLimits {
  /** How long one may stay without a call. */
  readonly idleMs: number;
  /** How often one is asked for a sign of life, and how long it may take: who sends nothing at all is cut off so. */
  readonly pingEveryMs: number;
  readonly pingTimeoutMs: number;
  readonly callsAtOnce: number;
}

/** Our clients leave an idle connection a minute earlier, so that none is closed under a call of theirs. */
export const connectionLimits: ConnectionLimits = {
  idleMs: 5 * 60_000,
  pingEveryMs: 30_000,
  pingTimeoutMs: 10_000,
  callsAtOnce: 2_000,
};
