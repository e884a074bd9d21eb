import { z } from 'zod';
import { ActorError, type Clock, type Logger, type ParkedActors } from '@trolley/runtime';
import { Drawings, streamCounts, tracePath, type Statechart } from 'trolley-statechart';
import { chartCounts, valueNamed } from '../sagas/chart-counts.ts';
import type { SagaCharts } from '../sagas/saga-charts.ts';
import { withParked, type ShownSaga } from '../sagas/parked-sagas.ts';
import type { SagaList, SagaSource } from '../sagas/saga-source.ts';
import { SagaWatch } from '../sagas/saga-watch.ts';
import type { TroubleSource } from '../trouble.ts';
import { Filter, PageFields, Reason } from './fields.ts';
import { type ApiRoute, defineAction, defineMount, defineRead } from './route.ts';

export interface SagaRoutesOptions {
  readonly sources: readonly SagaSource[];
  readonly charts: SagaCharts;
  readonly parked: Pick<ParkedActors, 'get'>;
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
  const { sources, charts, parked, clock, logger, maxStreams = 50 } = options;
  const drawings = new Drawings();
  const watches = new Map(sources.map((source) => [source, new SagaWatch({ source, clock })]));
  const streams = { open: 0, max: maxStreams };
  const shown = async (source: SagaSource, { items, ...rest }: SagaList) => ({
    ...rest,
    ...(await withParked(source, items, parked)),
  });

  function sourceOf(machine: string): SagaSource {
    const source = sources.find((each) => each.machine === machine);
    if (source === undefined) throw new ActorError('not_found', `there is no saga '${machine}'`);
    return source;
  }
  /** Of no version: that which ran last. */
  async function chartOf(machine: string, version?: string): Promise<Statechart> {
    const known = await charts.of(machine);
    const chart = known.find((each) => version === undefined || (each.version ?? '') === version);
    if (chart === undefined)
      throw new ActorError('not_found', `nothing is known of version '${version ?? ''}' of '${machine}'`);
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
      async answer({ machine, version, state, ...page }) {
        const source = sourceOf(machine);
        return shown(source, await source.list({ version, state }, page));
      },
    }),
    defineRead({
      path: '/api/sagas/find',
      query: z.object({ ...Machine, text: Filter }),
      async answer({ machine, text = '' }) {
        const source = sourceOf(machine);
        return shown(source, { items: await source.find(text) });
      },
    }),
    defineRead({
      path: '/api/sagas/stuck',
      query: z.object({ ...PageFields, machine: Filter }),
      async answer({ machine, ...page }) {
        const asked = machine === undefined ? sources : [sourceOf(machine)];
        const lists = await Promise.all(
          asked.map(async (source) => {
            const { items, ...rest } = await shown(source, await source.stuck(page));
            return { items: items.map((item) => ({ ...item, machine: source.machine })), ...rest };
          }),
        );
        // A page further on is asked for by machine.
        const cursor = lists.length === 1 ? lists[0]?.cursor : undefined;
        const unknown = lists.find((list) => list.unknown !== undefined)?.unknown;
        return {
          items: lists.flatMap(({ items }) => items),
          isCut: lists.some((list) => list.cursor !== undefined),
          ...(cursor === undefined ? {} : { cursor }),
          ...(unknown === undefined ? {} : { unknown }),
        };
      },
    }),
    defineRead({
      path: '/api/saga',
      query: z.object({ ...Machine, id: Id }),
      async answer({ machine, id }) {
        const source = sourceOf(machine);
        const run = await source.one(id);
        if (run === undefined) throw new ActorError('not_found', `there is no ${machine} ${id}`);
        const { version, unreadable } = run.summary;
        const {
          items: [summary = run.summary],
        } = await withParked(source, [run.summary], parked);
        // Of one that cannot be read, the version may be lost as well.
        const chart = await chartOf(machine, unreadable === undefined ? version : undefined);
        const recorded = run.steps.map(({ event, state, at }) => ({
          ...(event === undefined ? {} : { event }),
          ...{ state: valueNamed(state), at },
        }));
        return { ...run, summary, path: tracePath(chart, recorded) };
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

/** For the overview, where those whose actors are parked are told of as such. */
export function sagaTroubles(source: SagaSource, parked: Pick<ParkedActors, 'get'>): TroubleSource {
  return {
    name: `stuck ${source.machine} sagas`,
    async look() {
      const { items } = await source.stuck({ limit: 10 });
      const shown = await withParked(source, items, parked);
      const others = shown.items.filter((saga) => saga.parked === undefined);
      return others.map((saga) => ({
        what: `${source.machine} of ${saga.subject} hangs in ${saga.state}`,
        why: whyStuck(saga),
        since: saga.waits?.since ?? saga.startedAt,
        may: mayBeDone(saga),
        page: `/stuck?${new URLSearchParams({ q: saga.id }).toString()}`,
      }));
    },
  };
}

function whyStuck({ unreadable, waits }: ShownSaga): string {
  if (unreadable !== undefined) return `what is stored of it cannot be read: ${unreadable}`;
  if (waits === undefined) return 'nobody knows on what';
  return `${waits.label ?? waits.step}: ${waits.error?.message ?? waits.error?.code ?? 'no answer yet'}`;
}

function mayBeDone({ mayResume, mayCompensate }: ShownSaga): string {
  if (mayResume) return mayCompensate ? 'try it now, or give it up and undo it' : 'try it now';
  return 'look at its actor';
}
