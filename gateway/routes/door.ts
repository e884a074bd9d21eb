import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ActorError, Clock } from '@trolley/runtime';
import type { AnsweredRequest, GatewayMetrics } from '../gateway-metrics.ts';
import { headerLines, sendWhole } from '../gateway-response.ts';
import { answerOfError } from '../middleware/answer.ts';
import { headersOfAll } from '../middleware/constant-headers.ts';
import type { Shedding } from '../middleware/load-shedding.ts';
import { clientGone, requestIdOf } from '../middleware/request-scope.ts';
import type { Route } from './route.ts';
import type { Place } from './route-table.ts';

export interface DoorOptions {
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
 * Holds and refuses what there is too much of without Koa, which costs several times as much as the refusal. What is
 * not quite plain goes on, and is held and refused later, in the same words.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #headerLines = headerLines(headersOfAll());
  readonly #letIn = new WeakMap<IncomingMessage, number>();

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** When it came, of a request that was looked at here and let in; undefined: nobody has asked yet whether to. */
  cameAt(req: IncomingMessage): number | undefined {
    return this.#letIn.get(req);
  }

  /** Calls `goOn` once it is let in; or answers it. */
  enter(req: IncomingMessage, res: ServerResponse, goOn: () => void): void {
    const { shedding, clock } = this.#options;
    const route = shedding.isBusy && isPlain(req) ? this.#routeOf(req) : undefined;
    if (route === undefined) return goOn();
    const cameAt = clock.monotonic();
    const told = { route, cameAt };
    const end = (refusal: ActorError | undefined): void => {
      if (refusal !== undefined) return this.#refuse(req, res, refusal, told);
      // Its sender has gone meanwhile.
      if (res.destroyed) return this.#tell(req, told, { status: clientGone, code: 'aborted', isShed: false });
      this.#letIn.set(req, cameAt);
      goOn();
    };
    const held = shedding.refusalOf(route.load) ?? shedding.held(route.load);
    if (held instanceof Promise) void held.then(end);
    else end(held);
  }

  #routeOf({ url = '', method = '' }: IncomingMessage): Route | undefined {
    const [path = ''] = url.split('?', 1);
    return this.#options.placeAt(path)?.routes.get(method);
  }

  #refuse(req: IncomingMessage, res: ServerResponse, refusal: ActorError, told: Told): void {
    const turn = this.#options.shedding.turn();
    if (turn === undefined) this.#answer(req, res, refusal, told);
    else void turn.then(() => this.#answer(req, res, refusal, told));
  }

  #answer(req: IncomingMessage, res: ServerResponse, refusal: ActorError, told: Told): void {
    const requestId = requestIdOf(req) ?? this.#options.newId();
    const { status, headers, body } = answerOfError(refusal, requestId);
    const length = ['Content-Length', String(body.length)];
    const lines = `X-Request-Id: ${requestId}\r\n${this.#headerLines}`;
    sendWhole(res, status, lines, [...headers, ...length], body.sent);
    this.#tell(req, told, { status, code: refusal.code, isShed: true });
  }

  #tell(
    { method = '' }: IncomingMessage,
    { route, cameAt }: Told,
    answer: Pick<AnsweredRequest, 'status' | 'code' | 'isShed'>,
  ): void {
    const { metrics, clock } = this.#options;
    const ms = clock.monotonic() - cameAt;
    metrics?.answered({ method, route: route.path, ...answer, ms });
  }
}

/** What is told of a request that has not been let in. */
interface Told {
  readonly route: Route;
  readonly cameAt: number;
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
