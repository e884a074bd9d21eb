import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** One connection on which a test says byte by byte what is sent, and reads the answers in order. */
export class HttpConnection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #ended = false;
  readonly #news = new EventEmitter();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#news.emit('news');
    });
    for (const end of ['end', 'close']) {
      socket.on(end, () => {
        this.#ended = true;
        this.#news.emit('news');
      });
    }
    // A reset is one of the ways in which the far side ends a connection.
    socket.on('error', () => undefined);
  }

  static async open(port: number): Promise<HttpConnection> {
    // The far side's end is not ours: that it has ended is to be seen by itself.
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    return new HttpConnection(socket);
  }

  send(...pieces: (string | Buffer)[]): void {
    for (const piece of pieces) this.#socket.write(piece);
  }

  /** From now on nothing that comes is taken. */
  pause(): void {
    this.#socket.pause();
  }

  /** Sends `piece` over and over, until the far side has closed the connection. */
  async sendWithoutEnd(piece: string | Buffer): Promise<void> {
    const closed = this.closed();
    while (!this.#ended) {
      if (!this.#socket.write(piece))
        await Promise.race([once(this.#socket, 'drain').catch(() => undefined), closed]);
    }
  }

  /** The next answer, of those with a Content-Length; `bodiless` for the answer to a HEAD. */
  async answer(bodiless = false): Promise<RawAnswer> {
    const head = await this.#take(() => {
      const end = this.#received.indexOf('\r\n\r\n');
      return end < 0 ? undefined : end + 4;
    });
    const [first = '', ...lines] = head.trim().split('\r\n');
    const headers = new Map(lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.slice(line.indexOf(':') + 1).trim()])); // prettier-ignore
    const length = bodiless ? 0 : Number(headers.get('content-length') ?? 0);
    const body = await this.#take(() => (this.#received.length >= length ? length : undefined));
    return { status: Number(first.split(' ')[1]), headers, body };
  }

  /** Resolves when the far side has ended the connection. */
  async closed(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #take(lengthOf: () => number | undefined): Promise<string> {
    for (;;) {
      const length = lengthOf();
      if (length !== undefined) {
        const taken = this.#received.subarray(0, length).toString();
        this.#received = this.#received.subarray(length);
        return taken;
      }
      if (this.#ended) throw new Error(`the connection ended before an answer: ${this.#received.toString()}`);
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    await once(this.#news, 'news');
  }
}
