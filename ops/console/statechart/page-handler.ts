import type { IncomingMessage, ServerResponse } from 'node:http';
import { Drawings } from './drawings.ts';
import { streamCounts } from './count-stream.ts';
import { pageFile } from './page-files.ts';
import type { StatechartHost } from './page-host.ts';
import { StatechartError, type Statechart } from './statechart.ts';
import { tracePath } from './trace-path.ts';

export interface StatechartHandlerOptions {
  /** Where it is mounted, unless the server takes that away itself: `/statecharts`. Default: nothing. */
  readonly path?: string;
  /** Pages that are told counts at once; another one is told to come later. Default: 100. */
  readonly maxStreams?: number;
  /** Told of what the host threw. Whoever asked is told nothing of it. */
  readonly onError?: (error: unknown) => void;
}

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An entity tag. Without one nothing is kept. */
  readonly tag?: string;
}

/** A page of a host's machines, for any server of Node: `createServer(statechartHandler(host))`. Who may see it is the server's matter. */
export function statechartHandler(
  host: StatechartHost,
  { path = '', maxStreams = 100, onError = () => undefined }: StatechartHandlerOptions = {},
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const drawings = new Drawings();
  const streams = { open: 0, max: maxStreams };
  return async (request, response) => {
    try {
      const asked = request.url ?? '/';
      if (!URL.canParse(asked, 'http://page'))
        return send(request, response, problem(400, 'That is no address.'));
      const url = new URL(asked, 'http://page');
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return send(request, response, {
          ...problem(405, 'It only reads.'),
          headers: { allow: 'GET, HEAD' },
        });
      if (url.pathname === path) return send(request, response, redirect(asked, url));
      const name = url.pathname.startsWith(`${path}/`) ? url.pathname.slice(path.length + 1) : undefined;
      const counts = host.counts?.bind(host);
      if (name === 'api/counts' && counts !== undefined) {
        const chart = await chartOf(host, url.searchParams);
        if (chart !== undefined)
          return await streamCounts((signal) => counts(chart, signal), request, response, {
            streams,
            headers,
            onError,
          });
      }
      send(
        request,
        response,
        (await answerTo(host, drawings, name, url.searchParams)) ?? problem(404, 'There is no such thing.'),
      );
    } catch (error) {
      onError(error);
      if (response.headersSent) response.destroy();
      else send(request, response, problem(500, 'The server could not tell.'));
    }
  };
}

async function answerTo(
  host: StatechartHost,
  drawings: Drawings,
  name: string | undefined,
  asked: URLSearchParams,
): Promise<Answer | undefined> {
  if (name === undefined) return undefined;
  if (!name.startsWith('api/')) return pageFile(name === '' ? 'page.html' : name);
  if (name === 'api/charts') return json(await summaries(host));
  const chart = await chartOf(host, asked);
  if (chart === undefined) return undefined;
  switch (name) {
    case 'api/chart':
      return json(chart);
    case 'api/picture.svg':
      return picture(drawings, chart, asked);
    case 'api/runs': {
      const state = asked.get('state') ?? '';
      return chart.states.some(({ id }) => id === state)
        ? json((await host.runs?.(chart, state)) ?? [])
        : undefined;
    }
    case 'api/path': {
      const history = await host.history?.(chart, asked.get('run') ?? '');
      return history === undefined ? problem(404, 'There is no such run.') : json(tracePath(chart, history));
    }
    default:
      return undefined;
  }
}

async function summaries(host: StatechartHost): Promise<object> {
  const charts = await host.charts();
  return {
    charts: charts.map(({ id, version }) => ({ id, version })),
    counts: host.counts !== undefined,
    runs: host.runs !== undefined,
    history: host.history !== undefined,
  };
}

async function chartOf(host: StatechartHost, asked: URLSearchParams): Promise<Statechart | undefined> {
  const [machine, version] = [asked.get('machine'), asked.get('version') ?? undefined];
  return (await host.charts()).find((chart) => chart.id === machine && chart.version === version);
}

async function picture(drawings: Drawings, chart: Statechart, asked: URLSearchParams): Promise<Answer> {
  const direction = asked.get('direction') === 'left-right' ? 'left-right' : 'top-down';
  try {
    const { svg, hash } = await drawings.draw(chart, { direction, actions: asked.get('actions') !== 'no' });
    return { status: 200, type: 'image/svg+xml', body: svg, tag: hash };
  } catch (error) {
    if (error instanceof StatechartError) return problem(422, error.message);
    throw error;
  }
}

function json(value: unknown): Answer {
  return { status: 200, type: 'application/json', body: JSON.stringify(value) };
}

function problem(status: number, error: string): Answer {
  return { ...json({ error }), status };
}

/** So that what the page asks for is beside it. By the last part of the path alone: the server may have taken away the rest. */
function redirect(asked: string, url: URL): Answer {
  const last = asked.split('?')[0]?.split('/').at(-1) ?? '';
  return { status: 308, headers: { location: `./${last}/${url.search}` } };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type, body = '', tag, ...more }: Answer,
): void {
  const etag = tag === undefined ? undefined : `"${tag}"`;
  const isKnown = etag !== undefined && request.headers['if-none-match'] === etag;
  response.writeHead(isKnown ? 304 : status, {
    ...headers,
    ...more.headers,
    'cache-control': etag === undefined ? 'no-store' : 'no-cache',
    ...(etag === undefined ? {} : { etag }),
    ...(type === undefined || isKnown
      ? {}
      : { 'content-type': `${type}; charset=utf-8`, 'content-length': Buffer.byteLength(body) }),
  });
  response.end(isKnown || request.method === 'HEAD' ? undefined : body);
}
