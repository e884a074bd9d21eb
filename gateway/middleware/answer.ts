/** An answer as it leaves. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, of this answer alone. */
  readonly headers: readonly string[];
  readonly body?: Buffer;
}
