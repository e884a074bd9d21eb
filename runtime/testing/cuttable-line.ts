import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextImmediate } from 'node:timers/promises';

const host = '127.0.0.1';

/** A way to a server on the loopback that a test can disturb. */
export class CuttableLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The ends of those who connected. */
  readonly #near = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(port: number): Promise<CuttableLine> {
    const server = createServer();
    const line = new CuttableLine(server);
    server.on('connection', (near) => line.#join(near, connect({ host, port })));
    server.listen(0, host);
    await once(server, 'listening');
    return line;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends all connections; new ones can be made. */
  interrupt(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Ends all connections and refuses new ones, as if the process that made them had died. */
  cut(): void {
    this.#server.close();
    this.interrupt();
  }

  /** Takes in nothing more of what is sent over the connections that there are. */
  fallDeaf(): void {
    for (const socket of this.#near) socket.unpipe().pause();
  }

  /** Says to those who are not heard that nothing more will come, and only then takes in what they still send. */
  async hangUp(): Promise<void> {
    const deaf = [...this.#near];
    await Promise.all(deaf.map((socket) => new Promise<void>((resolve) => socket.end(resolve))));
    for (let turn = 0; turn < 10; turn++) await nextImmediate();
    for (const socket of deaf) socket.resume();
  }

  #join(near: Socket, far: Socket): void {
    this.#near.add(near);
    near.once('close', () => this.#near.delete(near));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      // Whatever ends one half ends the other.
      one.on('error', () => undefined);
      one.once('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
