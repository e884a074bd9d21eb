import { randomUUID } from 'node:crypto';
import { ActorError, type ActorRefs, type ParkedActors } from '@trolley/runtime';
import { readMachine } from 'trolley-statechart';
import { checkoutMachine } from '../../../../actors/checkout/checkout.machine.ts';
import { createCheckoutSagas } from '../../../../actors/checkout/checkout.sagas.postgres.ts';
import { withParked, type ShownSaga, type ShownSagas } from '../../../console/sagas/parked-sagas.ts';
import { exitCodes } from '../../../shop/process/run-command.ts';
import { UsageProblem } from '../../../shop/process/start-problem.ts';
import type { Call } from '../call.ts';
import { counted } from '../deal.ts';
import { operatorName } from '../operator-name.ts';
import { spanOf, tableOf, timeOf } from '../table.ts';
import type { Around, Flag, Outcome, Verb } from '../verb.ts';

type Sagas = ReturnType<typeof createCheckoutSagas>;

const orders = ['oldest', 'newest'] as const;

const paging: Readonly<Record<string, Flag>> = {
  limit: { value: 'N', help: 'so many at most, 1 to 500 (default 50)' },
  after: { value: 'CURSOR', help: 'goes on behind an earlier list, which named the cursor' },
};

/** The states as they are listed, such as `compensating.refunding`. */
const stateNames = readMachine(checkoutMachine)
  .states.filter(({ type, parent }) => type !== 'compound' && parent !== undefined)
  .map(({ id }) => id.slice(`${checkoutMachine.id}.`.length));

/** Checkouts: where they stand, which are stuck and why, and what an operator may do. */
export const sagaVerbs: readonly Verb[] = [
  {
    name: 'sagas',
    summary: 'how many checkouts are under way, by state',
    isReport: true,
    async run(_call, around) {
      const look = (await sagasOf(around)).looker();
      const { running: items, isCut, unreadable } = await look();
      const table = tableOf(items, {
        STATE: ({ state }) => state,
        CHECKOUTS: ({ count }) => count,
        VERSION: ({ version }) => version,
      });
      const all = items.reduce((sum, { count }) => sum + count, 0);
      const lost = unreadable === 0 ? [] : [`${counted(unreadable, 'checkout')} more cannot be read`];
      return { items, table, notes: [`${counted(all, 'checkout')} under way`, ...lost], isPartial: isCut };
    },
  },
  {
    name: 'sagas stuck',
    summary: 'checkouts that hang on a step: on which, since when, what was tried; the oldest first',
    flags: paging,
    isReport: true,
    async run(call, around) {
      const page = { limit: call.count('limit', 500), cursor: call.text('after') };
      const { items, unknown, cursor } = await stuckSagas(around, page);
      const doubt = unknown === undefined ? [] : [`Which of them are parked is not known: ${unknown}`];
      return {
        items,
        table: tableOfSagas(items, around.clock.now()),
        notes: [counted(items.length, 'stuck checkout'), ...doubt],
        cursor,
      };
    },
  },
  {
    name: 'sagas list',
    words: 'STATE',
    maxWords: 1,
    summary: 'checkouts in a state: of those under way the oldest first, of ended ones the newest',
    about: `STATE is one of ${stateNames.join(', ')}.`,
    flags: {
      order: { value: 'ORDER', help: 'oldest or newest first', choices: orders },
      'machine-version': { value: 'V', help: 'for those under way; default: that of this release' },
      ...paging,
    },
    isReport: true,
    async run(call, around) {
      const state = call.word(0, `Say in which state: ${stateNames.join(', ')}.`);
      const version = call.text('machine-version') ?? checkoutMachine.version;
      // An older machine may have had others.
      if (version === checkoutMachine.version && !stateNames.includes(state))
        throw new UsageProblem(`There is no state ${state}: it is one of ${stateNames.join(', ')}.`);
      const place = { state, version: version ?? '' };
      const page = {
        order: call.choice('order', orders),
        limit: call.count('limit', 500),
        cursor: call.text('after'),
      };
      const { items, cursor } = await (await sagasOf(around)).list(place, page);
      return {
        items,
        table: tableOfSagas(items, around.clock.now()),
        notes: [`${counted(items.length, 'checkout')} in ${state}`],
        cursor,
      };
    },
  },
  {
    name: 'sagas find',
    words: 'USER|ID',
    maxWords: 1,
    summary: 'the latest checkouts of a user, or the one of an id',
    isReport: true,
    async run(call, around) {
      const items = await (
        await sagasOf(around)
      ).find(call.word(0, 'Say whose: a user’s id, or a checkout’s.'));
      const code = items.length === 0 ? exitCodes.failed : exitCodes.done;
      return {
        items,
        table: tableOfSagas(items, around.clock.now()),
        notes: [counted(items.length, 'checkout')],
        code,
      };
    },
  },
  {
    name: 'sagas show',
    words: 'ID',
    maxWords: 1,
    summary: 'one as JSON: every step with its time, attempt, error and the context at it, and its trace',
    isReport: true,
    async run(call, around) {
      const id = idOf(call);
      const found = await (await sagasOf(around)).one(id);
      if (found === undefined) return noCheckout(id);
      return { items: [found], text: JSON.stringify(found, undefined, 2) };
    },
  },
  {
    name: 'sagas resume',
    words: 'ID',
    maxWords: 1,
    summary: 'tries the step that it hangs on now, not after its back-off',
    isReport: false,
    run: (call, around) =>
      order(call, around, { action: 'resume checkout' }, 'is on its way again', (sagas, id, by) =>
        sagas.resume(id, by),
      ),
  },
  {
    name: 'sagas compensate',
    words: 'ID',
    maxWords: 1,
    summary: 'gives it up and undoes all of it; what was paid is refunded',
    flags: { because: { value: 'TEXT', help: 'why; wanted, for the record' } },
    isReport: false,
    async run(call, around) {
      const reason = call.text('because');
      if (reason === undefined || reason === '') throw new UsageProblem('Say why: --because "…".');
      const action = { action: 'compensate checkout', details: { reason } };
      return order(call, around, action, 'is given up', (sagas, id, by) => sagas.compensate(id, reason, by));
    },
  },
];

const idOf = (call: Call) => call.word(0, 'Say which: the ID of a checkout.');

const noCheckout = (id: string): Outcome => ({
  items: [],
  notes: [`There is no checkout ${id}`],
  code: exitCodes.failed,
});

/** What is only read needs no node, and no Redis. */
const nobody: ActorRefs = {
  ref: () => {
    throw new ActorError('unavailable', 'nobody is asked here');
  },
};

const sagasOf = async ({ postgres, clock }: Pick<Around, 'postgres' | 'clock'>): Promise<Sagas> =>
  createCheckoutSagas({ pool: await postgres(), refs: nobody, clock });

/** Stuck checkouts, with why their actors are parked, where that is known. */
export async function stuckSagas(
  around: Pick<Around, 'cluster' | 'postgres' | 'clock'>,
  page: Parameters<Sagas['stuck']>[0],
): Promise<ShownSagas & { readonly cursor?: string }> {
  const sagas = await sagasOf(around);
  const { items, ...rest } = await sagas.stuck(page);
  const get: ParkedActors['get'] = async (...of) => (await around.cluster()).parked.get(...of);
  return { ...rest, ...(await withParked(sagas, items, { get })) };
}

async function order(
  call: Call,
  around: Around,
  action: { readonly action: string; readonly details?: Readonly<Record<string, unknown>> },
  done: string,
  give: (sagas: Sagas, id: string, by: { by: string; requestId: string }) => Promise<void>,
): Promise<Outcome> {
  const id = idOf(call);
  const [pool, { refs }] = await Promise.all([around.postgres(), around.cluster()]);
  const sagas = createCheckoutSagas({ pool, refs, clock: around.clock });
  const by = { by: operatorName(), requestId: randomUUID() };
  await around.audited({ ...action, target: `checkout/${id}` }, () => give(sagas, id, by));
  return { items: [{ id, outcome: 'done' }], notes: [`${id} ${done}`] };
}

export const tableOfSagas = (sagas: readonly ShownSaga[], now: number) =>
  tableOf(sagas, {
    ID: ({ id }) => id,
    OF: ({ subject }) => subject,
    STATE: ({ state }) => state,
    STARTED: ({ startedAt }) => timeOf(startedAt),
    'WAITS FOR': ({ parked, waits }) => (parked === undefined ? waits?.label : 'its release (parked)'),
    SINCE: ({ parked, waits }) => sinceOf(parked?.at ?? waits?.since, now),
    TRIES: ({ parked, waits }) => parked?.attempts ?? waits?.attempts,
    NEXT: ({ parked, waits }) =>
      parked === undefined && waits?.nextTryAt !== undefined ? spanOf(waits.nextTryAt - now) : undefined,
    WHY: ({ parked, unreadable, waits, failure }) =>
      parked?.reason ?? unreadable ?? waits?.error?.message ?? waits?.error?.code ?? failure,
  });

const sinceOf = (at: number | undefined, now: number) => (at === undefined ? undefined : spanOf(now - at));
