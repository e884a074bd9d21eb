import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/** Opens a connection to a broker and calls `connected` once it stands. */
export type ConnectToBroker = (host: string, port: number, connected: () => void) => Socket;

export const overTcp: ConnectToBroker = (host, port, connected) => connectTcp({ host, port }, connected);

/** `settings` are asked for with each connection, so that renewed certificates count from the next one on. */
export function overTls(settings: () => ConnectionOptions): ConnectToBroker {
  return (host, port, connected) => {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    return connectTls({ host, port, ...servername, ...settings() }, connected);
  };
}

const keepAliveMs = 60_000;

/**
 * The connections of one client. kafkajs reconnects whenever something is left to send, and waits for answers
 * when it disconnects: only who holds the sockets can end a client for good.
 */
export class KafkaSockets {
  readonly #connect: ConnectToBroker;
  readonly #open = new Set<Socket>();
  #closed = false;

  constructor(connect: ConnectToBroker) {
    this.#connect = connect;
  }

  readonly open: ISocketFactory = ({ host, port, onConnect }) => {
    if (this.#closed) throw new Error('this client is closed');
    const socket = this.#connect(host, port, onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  };

  /** Ends all of them at once, and opens no more. */
  destroy(): void {
    this.#closed = true;
    // With an error, since that is what kafkajs listens to.
    for (const socket of this.#open) socket.destroy(new Error('this client is closed'));
  }
}
