/** A request that is over. */
export interface AnsweredRequest {
  readonly method: string;
  /** As it stands in the table of routes, `/api/v1/products/:product_id`; undefined where there is none. */
  readonly route: string | undefined;
  /** 499 where its sender had gone. */
  readonly status: number;
  /** What it was refused with. */
  readonly code: string | undefined;
  /** Whether it was refused since there was too much to do. */
  readonly isShed: boolean;
  readonly ms: number;
}

/** Hears what the gateway does, and tells all that is known of the process. */
export interface GatewayMetrics {
  answered(request: AnsweredRequest): void;
  /** What is to be told, in the form of `contentType`. */
  text(): Promise<string>;
  readonly contentType: string;
}
