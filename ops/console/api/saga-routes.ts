import { z } from 'zod';
import { ActorError, type Clock, type Logger } from '@trolley/runtime';
import { Drawings, streamCounts, tracePath, type Statechart } from 'trolley-statechart';
import { chartCounts, valueNamed } from '../sagas/chart-counts.ts';
import type { SagaCharts } from '../sagas/saga-charts.ts';
import type { SagaSource } from '../sagas/saga-source.ts';
import { SagaWatch } from '../sagas/saga-watch.ts';
import type { TroubleSource } from '../trouble.ts';
import { Filter, PageFields, Reason } from './fields.ts';
import { type ApiRoute, defineAction, defineMount, defineRead } from './route.ts';

export interface SagaRoutesOptions {
  readonly sources: readonly SagaSource[];
  readonly charts: SagaCharts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Pages that are told counts at once. Default: 50. */
  readonly maxStreams?: number;
}

const Machine = { machine: z.string().min(1).max(100) };
const Place = { ...Machine, version: z.string().max(100) };
const Id = z.string().min(1).max(512);

/** `/api/saga…`: sagas that run, as their machines' statecharts, and orders to them. */
export function sagaRoutes(options: SagaRoutesOptions): ApiRoute[] {
  const { sources, charts, clock, logger, maxStreams = 50 } = options;
  const drawings = new Drawings();
  const watches = new Map(sources.map((source) => [source, new SagaWatch({ source, clock })]));
  const streams = { open: 0, max: maxStreams };

  function sourceOf(machine: string): SagaSource {
    const source = sources.find((each) => each.machine === machine);
    if (source === undefined) throw new ActorError('not_found', `there is no saga '${machine}'`);
    return source;
  }
  async function chartOf(machine: string, version: string): Promise<Statechart> {
    const chart = (await charts.of(machine)).find((each) => (each.version ?? '') === version);
    if (chart === undefined)
      throw new ActorError('not_found', `nothing is known of version '${version}' of '${machine}'`);
    return chart;
  }

  return [
    defineRead({
      path: '/api/saga-machines',
      query: z.object({}),
      answer: async () => ({
        machines: await Promise.all(
          sources.map(async ({ machine }) => ({
            machine,
            versions: (await charts.of(machine)).map(({ version }) => version ?? ''),
          })),
        ),
      }),
    }),
    defineRead({
      path: '/api/saga-chart',
      query: z.object(Place),
      async answer({ machine, version }) {
        const chart = await chartOf(machine, version);
        return { chart, svg: (await drawings.draw(chart, { actions: false })).svg };
      },
    }),
    defineRead({
      path: '/api/sagas',
      query: z.object({
        ...Place,
        ...PageFields,
        state: z.string().min(1).max(200),
        order: z.enum(['oldest', 'newest']).optional(),
      }),
      answer: ({ machine, version, state, ...page }) => sourceOf(machine).list({ version, state }, page),
    }),
    defineRead({
      path: '/api/sagas/find',
      query: z.object({ ...Machine, text: Filter }),
      answer: async ({ machine, text = '' }) => ({ items: await sourceOf(machine).find(text) }),
    }),
    defineRead({
      path: '/api/sagas/stuck',
      query: z.object({ ...PageFields, machine: Filter }),
      async answer({ machine, ...page }) {
        const asked = machine === undefined ? sources : [sourceOf(machine)];
        const lists = await Promise.all(
          asked.map(async (source) => {
            const { items, cursor } = await source.stuck(page);
            return { items: items.map((item) => ({ ...item, machine: source.machine })), cursor };
          }),
        );
        // A page further on is asked for by machine.
        const cursor = lists.length === 1 ? lists[0]?.cursor : undefined;
        return {
          items: lists.flatMap(({ items }) => items),
          isCut: lists.some((list) => list.cursor !== undefined),
          ...(cursor === undefined ? {} : { cursor }),
        };
      },
    }),
    defineRead({
      path: '/api/saga',
      query: z.object({ ...Machine, id: Id }),
      async answer({ machine, id }) {
        const run = await sourceOf(machine).one(id);
        if (run === undefined) throw new ActorError('not_found', `there is no ${machine} ${id}`);
        const chart = await chartOf(machine, run.summary.version);
        const recorded = run.steps.map(({ event, state, at }) => ({
          ...(event === undefined ? {} : { event }),
          ...{ state: valueNamed(state), at },
        }));
        return { ...run, path: tracePath(chart, recorded) };
      },
    }),
    defineMount({
      path: '/api/saga-counts',
      async handle(request, response) {
        const asked = new URL(request.url ?? '', 'http://console').searchParams;
        const source = sources.find(({ machine }) => machine === asked.get('machine'));
        const chart =
          source &&
          (await charts.of(source.machine)).find(
            ({ version = '' }) => version === (asked.get('version') ?? ''),
          );
        const watch = source && watches.get(source);
        if (chart === undefined || watch === undefined) {
          response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
          return;
        }
        const countsOf = chartCounts(chart);
        await streamCounts((signal) => told(watch, signal, countsOf), request, response, {
          streams,
          headers: { 'x-content-type-options': 'nosniff' },
          onError: (err) => logger.warn({ err }, 'a page was not told how sagas stand'),
        });
      },
    }),
    defineAction({
      path: '/api/saga/resume',
      body: z.object({ ...Machine, id: Id }),
      audit: ({ machine, id }) => ({ action: `resume ${machine}`, target: `${machine}/${id}` }),
      async perform({ machine, id }, { who, requestId }) {
        await sourceOf(machine).resume(id, { by: who, requestId });
        return { result: {}, note: 'its step is tried now' };
      },
    }),
    defineAction({
      path: '/api/saga/compensate',
      body: z.object({ ...Machine, id: Id, reason: Reason }),
      audit: ({ machine, id, reason }) => ({
        action: `compensate ${machine}`,
        target: `${machine}/${id}`,
        details: { reason },
      }),
      async perform({ machine, id, reason }, { who, requestId }) {
        await sourceOf(machine).compensate(id, reason, { by: who, requestId });
        return { result: {}, note: 'it is being undone' };
      },
    }),
  ];
}

async function* told(watch: SagaWatch, signal: AbortSignal, countsOf: ReturnType<typeof chartCounts>) {
  for await (const each of watch.watch(signal)) yield countsOf(each);
}

/** For the overview. */
export function sagaTroubles(source: SagaSource): TroubleSource {
  return {
    name: `stuck ${source.machine} sagas`,
    async look() {
      const { items } = await source.stuck({ limit: 10 });
      return items.map(({ id, subject, startedAt, state, waits }) => ({
        what: `${source.machine} of ${subject} hangs in ${state}`,
        why:
          waits === undefined
            ? 'nobody knows on what'
            : `${waits.label ?? waits.step}: ${waits.error?.message ?? waits.error?.code ?? 'no answer yet'}`,
        since: waits?.since ?? startedAt,
        may: 'try it now, or give it up and undo it',
        page: `/stuck?${new URLSearchParams({ q: id }).toString()}`,
      }));
    },
  };
}
