/** What the scenario and its processes tell each other, over Node's own channel. */

export interface NodeOptions {
  readonly label: string;
  readonly redisUrl: string;
  readonly postgresUrl: string;
  readonly shards: number;
  readonly leaseMs: number;
}

export type NodeSays =
  | { readonly kind: 'ready' }
  | { readonly kind: 'status'; readonly shards: number; readonly activations: number };

export interface ClientOptions {
  readonly redisUrl: string;
  readonly shards: number;
  readonly seed: number;
  /** This client has every key whose number leaves this rest when divided by `clients`. */
  readonly index: number;
  readonly clients: number;
  readonly keys: number;
  readonly messages: number;
  /** Keys asked at the same time, each with one message under way. */
  readonly inFlight: number;
  /** Messages begun per second at most. */
  readonly ratePerSecond: number;
  readonly askTimeoutMs: number;
  /** A message that is not answered within this, however often it is repeated, makes its key a stuck one. */
  readonly giveUpMs: number;
}

export type ClientHears =
  | { readonly kind: 'begin' }
  /** From now on this part of the rate. */
  | { readonly kind: 'pace'; readonly share: number }
  /** The node went away at this moment (milliseconds since the epoch). */
  | { readonly kind: 'lost'; readonly node: string; readonly fault: number; readonly at: number }
  /** From `open` to `close` the asks are watched on behalf of a fault. */
  | { readonly kind: 'open' | 'close'; readonly fault: number };

export type ClientSays =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly tally: Tally }
  | { readonly kind: 'took-over'; readonly fault: number; readonly takeover: Takeover }
  | { readonly kind: 'watched'; readonly fault: number; readonly watched: Watched }
  | { readonly kind: 'done'; readonly tally: Tally; readonly problems: readonly KeyProblem[] };

export interface Tally {
  readonly acknowledged: number;
  readonly timeouts: number;
  readonly unavailable: number;
  readonly repeated: number;
  readonly slowestMs: number;
}

/** From the moment a node went away. */
export interface Takeover {
  /** Until the first answer of a key that it had. */
  readonly firstMs: number;
  /** Until each shard that it had and that was asked has answered; missing until then. */
  readonly allMs?: number;
}

export interface Watched {
  readonly slowestMs: number;
  /** Tries that ended without an answer. */
  readonly failed: number;
}

export interface KeyProblem {
  readonly check: 'stuck' | 'answers';
  readonly key: string;
  readonly acknowledged: number;
  readonly expected: string;
  readonly found: string;
}

export const keyName = (index: number) => `key-${String(index).padStart(6, '0')}`;

/** The ledger that gets a copy of each number: every second key has one. */
export const copyName = (index: number) => (index % 2 === 0 ? `${keyName(index)}-copy` : undefined);

/** How many messages a key gets: all the same, the first ones one more where it does not come out even. */
export const messagesOf = (index: number, keys: number, messages: number) =>
  Math.floor(messages / keys) + (index < messages % keys ? 1 : 0);
