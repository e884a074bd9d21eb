/** A server that the tests share. */
export interface TestServer {
  readonly url: string;
  stop(): Promise<void>;
}
