import { Agent, request } from 'node:http';

/** Plain HTTP over connections kept open: `fetch` would cost as much as what is measured. */
export class HttpCaller {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The text of the answer. Rejects when the status is not the one wanted. */
  send(method: string, path: string, wanted: number, token?: string, json?: unknown): Promise<string> {
    const body = json === undefined ? undefined : JSON.stringify(json);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.#url + path,
        {
          method,
          agent: this.#agent,
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          },
        },
        (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (part: string) => (text += part));
          incoming.on('error', reject);
          incoming.on('end', () => {
            if (incoming.statusCode === wanted) return resolve(text);
            reject(new Error(`${method} ${path} was answered ${incoming.statusCode ?? 0}: ${text}`));
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
