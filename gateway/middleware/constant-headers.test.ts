import { connect } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { openTestGateway, tokenFor, type TestGateway } from '../testing/test-gateway.ts';

const always = [
  'X-Request-Id: r',
  "Content-Security-Policy: default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests",
  'Cross-Origin-Opener-Policy: same-origin',
  'Cross-Origin-Resource-Policy: same-origin',
  'Origin-Agent-Cluster: ?1',
  'Referrer-Policy: no-referrer',
  'Strict-Transport-Security: max-age=31536000; includeSubDomains',
  'X-Content-Type-Options: nosniff',
  'X-DNS-Prefetch-Control: off',
  'X-Download-Options: noopen',
  'X-Frame-Options: SAMEORIGIN',
  'X-Permitted-Cross-Domain-Policies: none',
  'X-XSS-Protection: 0',
  'Vary: Origin',
];
const json = 'Content-Type: application/json; charset=utf-8';
const fresh = 'Cache-Control: no-store';
const version = 'ETag: "0"';
const allowed = 'Access-Control-Allow-Origin: https://shop.example';
const exposed =
  'Access-Control-Expose-Headers: ETag,X-Request-Id,Traceresponse,X-Next-Page-Token,Location,Retry-After,RateLimit-Policy,RateLimit-Limit,RateLimit-Remaining,RateLimit-Reset';
const methods = 'Access-Control-Allow-Methods: GET,HEAD,PUT,POST,DELETE,PATCH';

describe('the headers of an answer, all of them and in order', () => {
  let open: TestGateway;
  let user: string;
  before(async () => {
    open = await openTestGateway();
    user = `Authorization: Bearer ${await tokenFor(1)}`;
  });
  after(() => open.close());

  const ours = 'Origin: https://shop.example';
  const preflight = 'Access-Control-Request-Method: POST';
  const kinds: Record<string, [asked: string, sent: () => string[], status: number, headers: string[]]> = {
    'a success': ['GET /api/v1/cart', () => [user], 200, [fresh, version, json]],
    'an answer to HEAD': ['HEAD /api/v1/cart', () => [user], 200, [fresh, version, json]],
    'a probe': ['GET /health', () => [], 200, [fresh, json]],
    'a page of ours': ['GET /api/v1/cart', () => [user, ours], 200, [allowed, exposed, fresh, version, json]],
    "a stranger's page": ['GET /api/v1/cart', () => [user, 'Origin: https://evil.example'], 200, [fresh, version, json]],
    'an empty origin': ['GET /api/v1/cart', () => [user, 'Origin:'], 200, [fresh, version, json]],
    'a preflight of ours': ['OPTIONS /api/v1/cart', () => [ours, preflight, 'Access-Control-Request-Headers: a, b'], 204, [allowed, methods, 'Access-Control-Allow-Headers: a, b', 'Cache-Control: no-store']],
    "a stranger's preflight": ['OPTIONS /api/v1/cart', () => ['Origin: null', preflight], 204, [fresh, 'Allow: DELETE, GET, HEAD, OPTIONS']],
    'OPTIONS': ['OPTIONS /api/v1/cart', () => [], 204, [fresh, 'Allow: DELETE, GET, HEAD, OPTIONS']],
    'nobody': ['GET /api/v1/cart', () => [], 401, [fresh, 'WWW-Authenticate: Bearer realm="trolley"', json]],
    'no such route, of a page of ours': ['GET /x', () => [ours], 404, [allowed, exposed, fresh, json]],
    'a method that is not there': ['PATCH /api/v1/cart', () => [], 405, [fresh, 'Allow: DELETE, GET, HEAD, OPTIONS', json]],
    'a malformed target': ['GET /%zz', () => [], 400, [fresh, json]],
  }; // prettier-ignore
  for (const [kind, [asked, sent, status, headers]] of Object.entries(kinds)) {
    it(`for ${kind}`, async () => {
      const answer = await headOf(open.gateway.port, [
        `${asked} HTTP/1.1`,
        'Host: x',
        'X-Request-Id: r',
        ...sent(),
      ]);
      expect(answer.status).to.equal(status);
      const varying = /^(Date|Content-Length|Connection): /;
      expect(answer.headers.filter((header) => !varying.test(header))).to.deep.equal([...always, ...headers]);
    });
  }
});

/** As it was written: neither the case of the names nor their order are lost. */
async function headOf(
  port: number,
  lines: readonly string[],
): Promise<{ status: number; headers: string[] }> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write([...lines, 'Connection: close', '', ''].join('\r\n'));
  await once(socket, 'close');
  const [status = '', ...headers] = answer.slice(0, answer.indexOf('\r\n\r\n')).split('\r\n');
  return { status: Number(status.split(' ')[1]), headers };
}
