import { IncomingMessage, ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { Socket } from 'node:net';
import { sentAs } from './money-json.ts';

/**
 * Header lines as they stand in the head of an answer, each with its end.
 * @throws TypeError where a name or a value is not allowed there
 */
export function headerLines(headers: Iterable<readonly [name: string, value: string]>): string {
  let lines = '';
  for (const [name, value] of headers) {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}

type StoreHeader = (this: ServerResponse, statusLine: string, headers: unknown) => void;

const storeHeader = Reflect.get(ServerResponse.prototype, '_storeHeader') as StoreHeader;

/**
 * A response with header lines that were checked before, and with a short body in one piece with its head. Node looks
 * through each name and value of each answer, which for those that are always the same costs more than all that the
 * gateway does for the rest of the head; and it writes head and body as two pieces, the second of which is empty, which
 * takes a longer way to the socket. It has no public way past either; where these do not work, `responseClass` says so.
 */
export class GatewayResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  /** They come before all others, none of which may have one of their names. */
  checkedLines = '';
  /** A body that leaves with the head; of ASCII. */
  text = '';
  /** Node's: the head, as it leaves. */
  declare _header: string;

  _storeHeader(statusLine: string, headers: unknown): void {
    storeHeader.call(this, statusLine + this.checkedLines, headers);
    if (this.text !== '') this._header += this.text;
  }
}

/** Node's own where its responses do not take what was checked or made before. */
export function responseClass(): typeof ServerResponse {
  const response = new GatewayResponse(new IncomingMessage(new Socket()));
  sendWhole(response, 200, 'X-Checked: 1\r\n', ['Content-Length', '2'], 'ok');
  const [head] = (Reflect.get(response, 'outputData') ?? []) as { readonly data?: unknown }[];
  const sent = String(head?.data);
  const isTaken = sent.startsWith('HTTP/1.1 200 OK\r\nX-Checked: 1\r\n') && sent.endsWith('\r\n\r\nok');
  return isTaken ? GatewayResponse : ServerResponse;
}

/**
 * Sends an answer as a whole. A text is of ASCII.
 *
 * @param checkedLines - of `headerLines`
 * @param headers - names and values in turn
 */
export function sendWhole(
  response: ServerResponse,
  status: number,
  checkedLines: string,
  headers: string[],
  body: string | Buffer | undefined,
): void {
  const isOnePiece = response instanceof GatewayResponse && typeof body === 'string';
  if (isOnePiece) response.text = body;
  writeHead(response, status, checkedLines, headers);
  response.end(isOnePiece ? undefined : body, sentAs);
}

/** Writes the head of an answer, whose body follows. */
export function writeHead(
  response: ServerResponse,
  status: number,
  checkedLines: string,
  headers: string[],
): void {
  if (!(response instanceof GatewayResponse))
    return void response.writeHead(status, [...headersIn(checkedLines), ...headers]);
  response.checkedLines = checkedLines;
  response.writeHead(status, headers);
}

/** Names and values in turn. */
function headersIn(lines: string): string[] {
  return lines.split('\r\n').flatMap((line) => {
    const [name = '', ...value] = line.split(': ');
    return name === '' ? [] : [name, value.join(': ')];
  });
}
