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
  #target: number;
  #dead = false;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
  }

  static async to(port: number): Promise<CuttableLine> {
    const server = createServer();
    const line = new CuttableLine(server, port);
    server.on('connection', (near) => {
      if (line.#dead) line.#remember(near);
      else line.#join(near, connect({ host, port: line.#target }));
    });
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

  /** Leads new connections to another server; those that there are stay. */
  leadTo(port: number): void {
    this.#target = port;
  }

  /**
   * Carries nothing over the connections that there are, either way, and ends none: as if the machine at the other end
   * had gone without a word. New ones can be made.
   */
  abandon(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** The same, and new connections get no further either, until they are revived. */
  die(): void {
    this.#dead = true;
    this.abandon();
  }

  /** New connections are led on again. */
  revive(): void {
    this.#dead = false;
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
      this.#remember(one);
      // Whatever ends one half ends the other.
      one.once('close', () => other.destroy());
      one.pipe(other);
    }
  }

  #remember(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#sockets.delete(socket));
  }
}
