/** A store that Trolley runs itself, for as long as Trolley runs. */
export interface EmbeddedServer {
  readonly url: string;
  readonly port: number;
  readonly version: string;
  /** `Redis 7.0.15 on 127.0.0.1:41233` */
  readonly label: string;
  /** The server's own process; undefined when it runs in a container. */
  readonly pid: number | undefined;
  /** Resolves when the server has ended, by `stop` or by itself. */
  readonly exited: Promise<void>;
  /** Asks it to write what it holds and to end; ends it when `deadlineMs` is over. */
  stop(deadlineMs?: number): Promise<void>;
  /** Ends it at once: for a second Ctrl-C. Returns before it has ended. */
  kill(): void;
}

export const host = '127.0.0.1';
