import type { Environment } from '../config/parse-config.ts';
import type { Snapshot } from '../metrics/metrics.ts';

/* What the process that `npm start` is, the primary, and its gateway processes tell each other. */

/** How a gateway process finds the rest of the shop. */
export interface GatewayOrder {
  /** What its figures are told apart by: `gateway-1`, `gateway-2`, … */
  readonly name: string;
  /** Variables that stand over those of the environment. */
  readonly environment: Environment;
  /** What the primary depends on, for readiness: name, and where it is. */
  readonly dependencies: readonly { readonly name: string; readonly at?: string }[];
  /** Whether it asks the actors by way of the primary, which hosts them. */
  readonly isLinked: boolean;
}

export type ToWorker =
  | { readonly start: GatewayOrder }
  | { readonly stop: true }
  /** Its figures are wanted. */
  | { readonly measure: true }
  /** Of the link between its cluster client and the primary's. */
  | { readonly frame: unknown }
  /** The figures of the whole shop, as text. */
  | { readonly metrics: string }
  /** The dependency was looked at; without a reason it works. */
  | { readonly checked: string; readonly reason?: string };

export type ToPrimary =
  /** Waits for its order. */
  | { readonly loaded: true }
  | { readonly ready: { readonly url: string; readonly port: number } }
  /** It can't start, for a reason that the person at the terminal can put right. */
  | { readonly problem: string }
  /** Wants to know whether this dependency of the primary works. */
  | { readonly check: string }
  /** Its figures. */
  | { readonly measured: Snapshot }
  /** Of the link between its cluster client and the primary's. */
  | { readonly frame: unknown }
  /** Wants to know the figures of the whole shop. */
  | { readonly scrape: true };
