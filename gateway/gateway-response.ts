import { IncomingMessage, ServerResponse, validateHeaderName, validateHeaderValue } from 'node:http';
import { Socket } from 'node:net';

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
 * A response with header lines that were checked before. Node looks through each name and value of each answer, which
 * for those that are always the same costs more than all that the gateway does for the rest of the head. It has no
 * public way past that; where this one does not work, `responseClass` says so.
 */
export class GatewayResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  /** They come before all others, none of which may have one of their names. */
  checkedLines = '';

  _storeHeader(statusLine: string, headers: unknown): void {
    storeHeader.call(this, statusLine + this.checkedLines, headers);
  }
}

/** Node's own where its responses do not take lines that were checked before. */
export function responseClass(): typeof ServerResponse {
  const response = new GatewayResponse(new IncomingMessage(new Socket()));
  response.checkedLines = 'X-Checked: 1\r\n';
  response.writeHead(200);
  const head: unknown = Reflect.get(response, '_header');
  const isTaken = typeof head === 'string' && head.startsWith('HTTP/1.1 200 OK\r\nX-Checked: 1\r\n');
  return isTaken ? GatewayResponse : ServerResponse;
}

/** Writes the head of an answer; `headers` are names and values in turn, `checkedLines` are of `headerLines`. */
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
