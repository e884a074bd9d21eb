import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream';
import type { Clock } from '@trolley/runtime';
import { awaitsContinue, hasBody } from './json-body.ts';
import type { GatewayContext } from './request-scope.ts';

export interface UnreadOptions {
  readonly clock: Clock;
  /** What a body may have. */
  readonly maxBodyBytes: number;
  /** How long what is left may take to arrive. Default 5000. */
  readonly lingerMs?: number | undefined;
}

/** Of a body that is refused, in multiples of what is accepted: most senders read no answer before they have sent all. */
const lingerFactor = 64;

/**
 * Deals with what an answer leaves unread of its request's body, which stands before the next request on the wire.
 *
 * As much as an accepted body may have is read and thrown away, and the connection goes on. After a longer body, or
 * one of unknown length, it is to be closed: not before the sender had time to read the answer, since a connection that
 * is closed with something unread in it is reset, and the answer lost.
 */
export class UnreadBodies {
  readonly #options: UnreadOptions;

  constructor(options: UnreadOptions) {
    this.#options = options;
  }

  /** What must be over before the response, and with it the connection, ends; undefined: nothing, both may go on. */
  leave({ req, state }: GatewayContext): (() => Promise<void>) | undefined {
    if (!hasBody(req) || req.complete) return undefined;
    // Node closes after both: nothing will come, or nothing has come for long enough.
    const heldBack = awaitsContinue(req) && !req.readableDidRead;
    if (heldBack || state.error?.code === 'request_timeout') return undefined;
    const { maxBodyBytes } = this.#options;
    const isShort = Number(req.headers['content-length']) <= maxBodyBytes;
    if (!isShort) return () => discard(req, lingerFactor * maxBodyBytes, this.#options);
    void discard(req, maxBodyBytes, this.#options);
    return undefined;
  }
}

/** Resolves when nothing more comes; a sender that goes on for too long is cut off. */
function discard(
  req: IncomingMessage,
  maxBytes: number,
  { clock, lingerMs = 5000 }: UnreadOptions,
): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    const cutOff = () => void req.destroy();
    const cancel = clock.schedule(lingerMs, cutOff);
    finished(req, { writable: false }, () => {
      cancel();
      resolve();
    });
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) cutOff();
    });
    req.resume();
  });
}
