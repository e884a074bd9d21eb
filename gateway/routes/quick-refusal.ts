import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ActorError, Clock } from '@trolley/runtime';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { headerLines, writeHead } from '../gateway-response.ts';
import { answerOfError } from '../middleware/answer.ts';
import { headersOfAll } from '../middleware/constant-headers.ts';
import { sentAs } from '../money-json.ts';
import type { Shedding } from '../middleware/load-shedding.ts';
import { requestIdOf } from '../middleware/request-scope.ts';
import type { Route } from './route.ts';
import type { Place } from './route-table.ts';

export interface QuickRefusalOptions {
  readonly placeAt: (path: string) => Place | undefined;
  readonly shedding: Shedding;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Makes ids for requests that bring none. */
  readonly newId: () => string;
  readonly metrics?: Pick<GatewayMetrics, 'answered'> | undefined;
}

/** Longer bodies are not thrown away without a look. */
const mostBodyBytes = 16_384;

/**
 * Refuses what there is too much of without Koa, which costs several times as much as the refusal. Returns whether it
 * has: what is not quite plain goes on and is refused later, in the same words.
 */
export function createQuickRefusal(
  options: QuickRefusalOptions,
): (req: IncomingMessage, res: ServerResponse) => boolean {
  const { placeAt, shedding, clock, newId, metrics } = options;
  const constant = headerLines(headersOfAll());

  return (req, res) => {
    if (!shedding.isShedding || !isPlain(req)) return false;
    const [path = ''] = (req.url ?? '').split('?', 1);
    const route = placeAt(path)?.routes.get(req.method ?? '');
    if (route === undefined) return false;
    const refusal = shedding.refusalOf(route.load);
    if (refusal === undefined) return false;
    const startedAt = clock.monotonic();
    const answer = () => leave(req, res, { route, refusal, startedAt });
    const turn = shedding.turn();
    if (turn === undefined) answer();
    else void turn.then(answer);
    return true;
  };

  function leave(
    req: IncomingMessage,
    res: ServerResponse,
    { route, refusal, startedAt }: { route: Route; refusal: ActorError; startedAt: number },
  ): void {
    const requestId = requestIdOf(req) ?? newId();
    const { status, headers, body } = answerOfError(refusal, requestId);
    const length = ['Content-Length', String(body.length)];
    writeHead(res, status, `X-Request-Id: ${requestId}\r\n${constant}`, [...headers, ...length]);
    res.end(body.sent, sentAs);
    metrics?.answered({
      method: req.method ?? '',
      route: route.path,
      status,
      code: refusal.code,
      isShed: true,
      ms: clock.monotonic() - startedAt,
    });
  }
}

/** Nothing to be decoded, told to a page of another origin, or waited for. */
function isPlain({ method, url = '', headers }: IncomingMessage): boolean {
  return (
    method !== 'HEAD' &&
    url.startsWith('/') &&
    !url.includes('%') &&
    headers.origin === undefined &&
    headers.expect === undefined &&
    headers['transfer-encoding'] === undefined &&
    Number(headers['content-length'] ?? 0) <= mostBodyBytes
  );
}
