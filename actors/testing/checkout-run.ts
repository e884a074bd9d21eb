import { expect } from 'chai';
import type { AnyActor } from '@trolley/runtime';
import { createCartActor } from '../cart/cart.actor.ts';
import type { CartState } from '../cart/cart.state.ts';
import { createCheckoutActor } from '../checkout/checkout.actor.ts';
import { checkoutIdFor, type CheckoutView } from '../checkout/checkout.contract.ts';
import { replayed } from '../checkout/checkout.replay.ts';
import { endingOf } from '../checkout/checkout.saga.ts';
import { stateNameOf, type CheckoutState } from '../checkout/checkout.state.ts';
import { reservationIdFor } from '../services/inventory/reservation-id.ts';
import { ActorDriver, Crash, type Point } from './actor-driver.ts';
import { Party, TestPayments, TestStock, testPrices } from './checkout-world.ts';
import type { Choices } from './explore.ts';

const userId = 7;
const key = checkoutIdFor(userId, 'a key');
const otherCheckout = checkoutIdFor(userId, 'another key');
const start = { userId, idempotencyKey: 'a key' };
const stocked = 10;
/** It keeps nothing of a run, so one does for all. */
const cartActor = createCartActor({
  views: { get: async () => undefined, put: async () => {} },
  limits: { maxCheckouts: 3, maxUnits: 5000 },
});

/** What came of all runs together. */
export interface Seen {
  readonly states: Set<string>;
  readonly endings: Set<string>;
}

/** The shop without one of its parts: each gets what there is and returns what is there instead. */
export interface Mutation {
  readonly checkout?: (actor: AnyActor) => AnyActor;
  /** What a checkout says to the cart that asks for its status. */
  readonly status?: (told: Promise<unknown>) => Promise<unknown>;
}

const same = <T>(one: T): T => one;

const inputs = {
  Start: start,
  Cancel: { userId },
  Resume: {},
  Compensate: { reason: 'the buyer called' },
} as const;
type Asked = keyof typeof inputs;

/** What may come in while a checkout runs. */
export type Between = 'cancel' | 'start again' | 'add to cart' | 'resume' | 'compensate';
const fromBuyers: readonly Between[] = ['cancel', 'start again', 'add to cart'];

/** One checkout of one cart in a world that goes wrong as `choices` say, and what must hold when all is at rest. */
export async function runCheckout(
  choices: Choices,
  seen: Seen,
  { checkout: mutated = same, status = same }: Mutation = {},
  between = fromBuyers,
): Promise<void> {
  const time = { now: Date.parse('2026-01-01T00:00:00Z') };
  const stock = new TestStock(stocked, new Party(choices, time));
  const payments = new TestPayments(new Party(choices, time));
  const catalogue = new Party(choices, time);
  const claimsParty = new Party(choices, time);
  const asked: { name: Asked; id: string }[] = [];
  const ask = (name: Asked) => asked.push({ name, id: checkout.send(name, inputs[name]) });
  let added = 0;
  let otherAsked = 0;
  let begun = false;

  const crashOr = async (point: Point, where: string, ways: readonly string[] = []) => {
    if (!begun) return undefined;
    const also = point === 'postponed' ? ['write', 'crash, and nobody waits'] : [];
    switch (choices.pick<string>(`${where}, ${point}`, ['go on', 'crash', ...also, ...ways])) {
      case 'write':
        return 'write';
      case 'crash':
        throw new Crash(where);
      case 'crash, and nobody waits':
        throw new Crash(where, { forgets: true });
      case 'cancel':
        ask('Cancel');
        break;
      case 'start again':
        ask('Start');
        break;
      case 'resume':
        ask('Resume');
        break;
      case 'compensate':
        ask('Compensate');
        break;
      case 'add to cart':
        // A line takes no more than 99.
        if (added === 90) break;
        added += 1;
        cart.send('AddItem', { productId: 2, quantity: 1 });
        break;
      case 'verify the claim':
        await cart.step();
        break;
    }
    return undefined;
  };
  const cart: ActorDriver = new ActorDriver({
    actor: cartActor,
    key: String(userId),
    time,
    async askOther({ key: checkoutId, name, input }) {
      if (checkoutId !== otherCheckout) return status(checkout.ask(name, input));
      return { status: otherAsked++ === 0 ? 'PAYMENT_PENDING' : 'FAILED' };
    },
    at: (point, about) => crashOr(point, `cart ${about}`),
  });
  const checkout: ActorDriver = new ActorDriver({
    actor: mutated(
      createCheckoutActor({
        orders: { has: async () => false },
        prices: testPrices(
          [
            { id: 1, name: 'Laptop', priceCents: 129_999 },
            { id: 2, name: 'Mouse', priceCents: 2999 },
          ],
          catalogue,
        ),
        inventory: stock.ports(reservationIdFor),
        payments: payments.ports(),
        clock: { now: () => time.now },
        reserveTimeoutMs: 30_000,
        paymentTimeoutMs: 60_000,
      }),
    ),
    key,
    time,
    askOther: ({ name, input }, { timeoutMs = Infinity }) =>
      name === 'ClaimForCheckout'
        ? claimsParty.call('claim', () => cart.askPatiently(name, input, timeoutMs))
        : claimsParty.call('release claim', () => cart.ask(name, input)),
    at: async (point, about) => {
      if (begun && stateOf(checkout) !== 'absent') seen.states.add(stateOf(checkout));
      return crashOr(point, about, point.endsWith('effect') ? [...between, 'verify the claim'] : between);
    },
  });

  const before = choices.pick('the cart', ['full', 'empty', 'claimed by another']);
  if (before !== 'empty') {
    await cart.ask('AddItem', { productId: 1, quantity: 2 });
    await cart.ask('AddItem', { productId: 2, quantity: 1 });
  }
  if (before === 'claimed by another') await cart.ask('ClaimForCheckout', { checkoutId: otherCheckout });

  begun = true;
  ask('Start');
  await checkout.run();
  // Whoever lost the answer asks again with the same id, until it comes.
  for (let i = 0, times = 0; i < asked.length;) {
    const { name, id } = asked[i]!;
    if (checkout.answers.has(id)) {
      i += 1;
      times = 0;
      continue;
    }
    expect(++times, `asking for an answer to ${name}`).to.be.at.most(100);
    checkout.send(name, inputs[name], id);
    await checkout.run();
  }
  if (stateOf(checkout) === 'failed') {
    const held = (cart.state as CartState).claims.map((claim) => claim.checkoutId);
    expect(held, 'claims when the checkout has failed').not.to.include(key);
  }
  for (const party of [stock.party, payments.party, catalogue, claimsParty]) await party.end();
  await cart.run();
  for (const event of [...checkout.published, ...checkout.published]) {
    const lines = (event.payload as { items: { product_id: number; quantity: number }[] }).items;
    cart.send('SettlePurchase', {
      checkoutId: key,
      lines: lines.map(({ product_id: productId, quantity }) => ({ productId, quantity })),
    });
  }
  await cart.run();
  await checkout.run();

  const { session } = checkout.state as CheckoutState;
  const ending = session === null ? 'rejected' : endingOf(session);
  const completed = ending === 'completed';
  seen.states.add(stateOf(checkout));
  if (session === null) {
    for (const answer of checkout.answers.values()) {
      if ('error' in answer && answer.error.code !== 'not_found')
        seen.endings.add(`rejected ${answer.error.code}`);
    }
    expect(checkout.effects, 'effects of a checkout that was rejected').to.deep.equal([]);
  } else {
    const { status, failureReason, history, completedAt } = session.context;
    seen.endings.add(`${ending ?? 'none'} ${failureReason ?? ''}`.trim());
    expect(ending, 'an ending').to.be.oneOf(['completed', 'failed']);
    expect(status).to.equal(completed ? 'COMPLETED' : 'FAILED');
    expect(history.at(-1)).to.include({ status, at: completedAt });
    expect(history.length, 'entries of the history').to.be.at.most(30);
    const last = replayed(session).at(-1);
    expect(last?.state, 'where a replay ends').to.equal(stateOf(checkout));
    const [made, kept] = [last?.context, session.context].map(
      (one) => JSON.parse(JSON.stringify(one)) as unknown,
    );
    expect(made, 'what a replay makes of it').to.deep.equal(kept);
  }
  expect(checkout.published.length, 'events published').to.equal(completed ? 1 : 0);

  const lines = completed ? (session?.context.lines ?? []) : [];
  const units = lines.reduce((sum, line) => sum + line.quantity, 0);
  const totalCents = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceCents, 0);
  expect(payments.chargedCents - payments.refundedCents, 'money kept').to.equal(totalCents);
  expect(stock.total('reserved'), 'stock still reserved').to.equal(0);
  expect(stock.total('confirmed'), 'stock sold').to.equal(units);
  expect(stock.available + stock.soldElsewhere, 'stock left').to.equal(stocked - units);

  const { claims, items } = cart.state as CartState;
  expect(claims, 'claims').to.deep.equal([]);
  const left = (productId: number) => items.find((item) => item.productId === productId)?.quantity ?? 0;
  const sold = (productId: number) => lines.find((line) => line.productId === productId)?.quantity ?? 0;
  expect(left(1) + sold(1), 'laptops').to.equal(before === 'empty' ? 0 : 2);
  expect(left(2) + sold(2), 'mice').to.equal((before === 'empty' ? 0 : 1) + added);

  let created = 0;
  for (const { name, id } of asked) {
    const answer = checkout.answers.get(id);
    if ('ok' in answer!) {
      const view = (
        name === 'Start' ? (answer.ok as { checkout: CheckoutView }).checkout : answer.ok
      ) as CheckoutView;
      if (name === 'Compensate') expect(ending, 'the end of what was given up').to.equal('failed');
      if (name === 'Compensate' || name === 'Resume') continue;
      expect(view.status, name).to.equal(session?.context.status);
      if (name === 'Start' && (answer.ok as { created: boolean }).created) created += 1;
      if (name === 'Cancel') expect(view.failureReason).to.equal('cancelled');
    } else if (name === 'Start') {
      expect(answer!.error.code).to.be.oneOf(['empty_cart', 'checkout_in_progress']);
    } else {
      expect(answer!.error.code).to.be.oneOf(['conflict', 'not_found', 'empty_cart', 'checkout_in_progress']);
    }
  }
  expect(created, 'callers told that they created it').to.be.at.most(1);
  // An actor remembers its last 32 messages: who comes for a lost answer later than that is a new caller.
  if (ending !== 'rejected' && asked.length < 30)
    expect(created, 'callers told that they created it').to.equal(1);
}

function stateOf(driver: ActorDriver): string {
  const { session } = driver.state as CheckoutState;
  return session === null ? 'absent' : stateNameOf(session.value);
}
