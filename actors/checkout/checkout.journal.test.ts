import { expect } from 'chai';
import fc from 'fast-check';
import { checkoutIdFor } from './checkout.contract.ts';
import type { CheckoutEvent, CheckoutInput } from './checkout.events.ts';
import { replayed } from './checkout.replay.ts';
import { advanceSaga, beginSaga } from './checkout.saga.ts';
import { CheckoutSession, isLeap, stateNameOf, type CheckoutContext } from './checkout.state.ts';

const at = Date.parse('2026-01-01T00:00:00Z');
const input: CheckoutInput = {
  checkoutId: checkoutIdFor(7, 'a key'),
  userId: 7,
  idempotencyKey: 'a key',
  currency: 'USD',
  limits: { reserveMs: 30_000, paymentMs: 60_000 },
  shippingAddress: { city: 'Bern' },
  at,
};
const line = { productId: 1, quantity: 2, productName: 'Laptop', unitPriceCents: 129_999 };
function priced(totalCents: number): CheckoutEvent {
  return { type: 'ClaimAndPrice.done', at, lines: [line], totalCents, cartVersion: 3 };
}
const reserved = { type: 'Reserve.done', at, reservationId: 'r' } as const;
const charged = { type: 'Charge.done', at, paymentId: 'p' } as const;
const unknown = (step: 'Reserve' | 'Confirm' | 'Refund', when = at, message = 'no connection') =>
  ({ type: `${step}.unknown`, at: when, code: 'unavailable', message }) as const;

const shortages = [{ productId: 1, requested: 2, available: 1 }];

/** As the store gives it back. */
const stored = (session: unknown) => CheckoutSession.parse(JSON.parse(JSON.stringify(session)));
const plain = (context: CheckoutContext | undefined) => JSON.parse(JSON.stringify(context)) as unknown;

/** The session after each of the events that changed it, through the store each time. */
function sessionsOf(events: readonly CheckoutEvent[], first = beginSaga(input).session): CheckoutSession[] {
  const sessions = [stored(first)];
  for (const event of events) {
    const before = sessions.at(-1)!;
    const { session } = advanceSaga(before, event);
    if (session !== before) sessions.push(stored(session));
  }
  return sessions;
}

const clockReadings = fc.integer({ min: at - 100_000, max: at + 100_000 });
const anyEvent: fc.Arbitrary<CheckoutEvent> = fc
  .tuple(
    fc.constantFrom<CheckoutEvent>(
      priced(259_998),
      priced(0),
      reserved,
      { ...reserved, repeated: true },
      charged,
      { type: 'Charge.declined', at, reason: 'no_funds' },
      { type: 'Cancel', at },
      { type: 'Confirm.done', at },
      { type: 'Confirm.refused', at, code: 'conflict' },
      { type: 'Reserve.refused', at, code: 'insufficient_stock', shortages },
      { type: 'Release.done', at },
      { type: 'Refund.refused', at, code: 'not_found' },
      { type: 'ReleaseClaim.unknown', at, code: 'unavailable', message: 'half a pair: \ud800' },
      unknown('Reserve'),
      { ...unknown('Reserve'), repeated: true },
      unknown('Confirm'),
      unknown('Refund', at, 'another sentence'),
      { type: 'ClaimAndPrice.unknown', at, code: 'unavailable', party: 'catalog' },
    ),
    clockReadings,
  )
  .map(([event, when]) => ({ ...event, at: when }));

describe('the journal of a checkout', () => {
  it('gives every context as it was, whatever happens and whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const sessions = sessionsOf(events).slice(0, 20);
        const moments = replayed(sessions.at(-1)!);
        expect(moments.map(({ state, context }) => [state, plain(context)])).to.deep.equal(
          sessions.map(({ value, context }) => [stateNameOf(value), plain(context)]),
        );
      }),
    );
  });

  it('keeps the first and the last of retries without end, says how many it left out, and replays the same', () => {
    const until = (count: number) => [
      ...[priced(259_998), reserved, charged],
      ...Array.from({ length: count }, (_, index) => unknown('Confirm', at + index * 30_000)),
    ];
    const sessions = sessionsOf(until(150));
    const { journal = [] } = sessions.at(-1)!;
    expect(journal).to.have.length(41);
    expect(journal[20]).to.deep.include({ type: 'leap', leftOut: 153 - 40, to: 'confirming' });
    expect(JSON.stringify(journal).length, 'characters').to.be.below(4_000);
    const moments = replayed(sessions.at(-1)!);
    const seen = [...sessions.slice(0, 21), ...sessions.slice(-21)];
    expect(moments.map(({ context }) => plain(context))).to.deep.equal(
      seen.map(({ context }) => plain(context)),
    );
    const done = sessionsOf([{ type: 'Confirm.done', at }], sessions.at(-1)).at(-1)!;
    expect(plain(replayed(done).at(-1)?.context)).to.deep.equal(plain(done.context));
  });

  it('is bounded in whatever order things go wrong', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 300, maxLength: 300 }), (events) => {
        const sessions = sessionsOf(events);
        for (const { journal } of sessions) expect(journal!.length).to.be.at.most(41);
        const last = sessions.at(-1)!;
        expect(plain(replayed(last).at(-1)?.context)).to.deep.equal(plain(last.context));
      }),
      { numRuns: 30 },
    );
  });

  it('begins where an earlier release left a checkout, which kept none', () => {
    const [, , , waiting] = sessionsOf([priced(259_998), reserved, charged]);
    const { journal: _, ...without } = waiting!;
    const sessions = sessionsOf([unknown('Confirm'), { type: 'Confirm.done', at }], without);
    const { journal } = sessions.at(-1)!;
    expect(journal?.map(({ type, to }) => [type, to])).to.deep.equal([
      ['leap', 'confirming'],
      ['Confirm.unknown', undefined],
      ['Confirm.done', 'completed'],
    ]);
    expect(journal?.filter(isLeap)[0]).not.to.have.property('leftOut');
    expect(
      replayed(sessions.at(-1)!)
        .slice(1)
        .map(({ context }) => plain(context)),
    ).to.deep.equal(sessions.map(({ context }) => plain(context)));
  });

  it('says where a checkout stood, and no contexts, where the machine is another one', () => {
    const sessions = sessionsOf([priced(259_998), reserved, unknown('Reserve'), charged]);
    const moments = replayed({ ...sessions.at(-1)!, machineVersion: '0' });
    expect(moments.map(({ state }) => state)).to.deep.equal([
      'pricing',
      'reserving',
      'charging',
      'confirming',
    ]);
    expect(moments.filter(({ context }) => context !== undefined)).to.deep.equal([]);
    // The same version, but what it made of an event is not what this one makes of it.
    const { journal = [] } = sessions.at(-1)!;
    const changed = journal.map((entry) =>
      entry.to === 'charging' ? { ...entry, to: 'confirming' } : entry,
    );
    const known = replayed({ ...sessions.at(-1)!, journal: changed }).map(
      ({ context }) => context !== undefined,
    );
    expect(known).to.deep.equal([true, true, false, false]);
  });

  it('records what an error said once, cut and storable, and nothing of what the state did not know', () => {
    const sessions = sessionsOf([
      priced(259_998),
      unknown('Confirm'),
      unknown('Reserve', at, `\0${'x'.repeat(500)}`),
      unknown('Reserve', at, `\0${'x'.repeat(500)}`),
      unknown('Reserve', at, 'no connection'),
      { type: 'Cancel', at },
      { type: 'Cancel', at: at + 1 },
    ]);
    const { journal = [] } = sessions.at(-1)!;
    expect(journal.map(({ type, message }) => [type, message])).to.deep.equal([
      ['ClaimAndPrice.done', undefined],
      ['Reserve.unknown', `\uFFFD${'x'.repeat(199)}`],
      ['Reserve.unknown', undefined],
      ['Reserve.unknown', 'no connection'],
      ['Cancel', undefined],
    ]);
    expect(journal[0]).to.deep.equal({ type: 'ClaimAndPrice.done', afterMs: 0, to: 'reserving' });
  });
});
