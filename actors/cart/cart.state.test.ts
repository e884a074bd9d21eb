import { expect } from 'chai';
import fc from 'fast-check';
import { codeOf } from '@trolley/runtime';
import * as rules from './cart.state.ts';
import type { CartState } from './cart.state.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const checkoutId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const limits = { maxCheckouts: 3, maxUnits: 5000 };
const empty = rules.emptyCart(7, now);

function cartOf(...lines: [productId: number, quantity: number][]): CartState {
  return lines.reduce(
    (state, [productId, quantity]) => rules.addItem(state, { productId, quantity }, now),
    empty,
  );
}

function quantities(state: CartState): Record<number, number> {
  return Object.fromEntries(state.items.map(({ productId, quantity }) => [productId, quantity]));
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return codeOf(error);
  }
  return 'none';
}

describe('cart rules', () => {
  it('derives the id from the user', () => {
    expect(rules.emptyCart(7, 1).cartId).to.equal(rules.emptyCart(7, 2).cartId);
    expect(rules.emptyCart(8, 1).cartId).not.to.equal(rules.emptyCart(7, 1).cartId);
  });

  it('adds up, keeping when a line was first added', () => {
    const state = rules.addItem(cartOf([1, 2]), { productId: 1, quantity: 3 }, now + 5);
    expect(state.items).to.deep.equal([{ productId: 1, quantity: 5, addedAt: now }]);
    expect([state.version, state.updatedAt]).to.deep.equal([2, now + 5]);
  });

  it('refuses a sum over 99 and a 51st line', () => {
    expect(refusal(() => rules.addItem(cartOf([1, 98]), { productId: 1, quantity: 2 }, now))).to.equal(
      'quantity_limit',
    );
    const full = cartOf(...Array.from({ length: 50 }, (_, i): [number, number] => [i + 1, 1]));
    expect(refusal(() => rules.addItem(full, { productId: 51, quantity: 1 }, now))).to.equal('cart_full');
    expect(quantities(rules.addItem(full, { productId: 50, quantity: 1 }, now))[50]).to.equal(2);
  });

  it('sets and removes only what is in the cart', () => {
    const cart = cartOf([1, 2]);
    expect(quantities(rules.setQuantity(cart, { productId: 1, quantity: 9 }, now))).to.deep.equal({ 1: 9 });
    expect(rules.setQuantity(cart, { productId: 1, quantity: 2 }, now)).to.equal(cart);
    expect(quantities(rules.removeItem(cart, 1, now))).to.deep.equal({});
    expect(refusal(() => rules.setQuantity(cart, { productId: 2, quantity: 1 }, now))).to.equal('not_found');
    expect(refusal(() => rules.removeItem(cart, 2, now))).to.equal('not_found');
  });

  it('clears, and an empty cart stays as it is', () => {
    expect(quantities(rules.clearCart(cartOf([1, 2], [2, 1]), now))).to.deep.equal({});
    expect(rules.clearCart(empty, now + 1)).to.equal(empty);
  });

  it('claims everything once, and the same for the same checkout', () => {
    const first = rules.claimFor(cartOf([1, 2]), checkoutId(1), now, limits);
    expect(first.claim.lines).to.deep.equal([{ productId: 1, quantity: 2, held: 2 }]);
    expect(first.state.version, 'a claim is not seen').to.equal(1);
    const more = rules.addItem(first.state, { productId: 1, quantity: 1 }, now);
    expect(rules.claimFor(more, checkoutId(1), now, limits).claim).to.deep.equal(first.claim);
    expect(refusal(() => rules.claimFor(first.state, checkoutId(2), now, limits))).to.equal(
      'checkout_in_progress',
    );
    expect(rules.claimFor(more, checkoutId(2), now, limits).claim.lines).to.deep.equal([
      { productId: 1, quantity: 1, held: 1 },
    ]);
  });

  it('claims for so many checkouts and so many units at once, and for others once one has ended', () => {
    const claimed = (state: CartState, checkout: number, units = 5000) =>
      rules.claimFor(state, checkoutId(checkout), now, { maxCheckouts: 2, maxUnits: units }).state;
    const more = (state: CartState) => rules.addItem(state, { productId: 1, quantity: 10 }, now);
    const two = claimed(more(claimed(cartOf([1, 10]), 1)), 2);
    expect(refusal(() => claimed(more(two), 3))).to.equal('too_many_checkouts');
    expect(claimed(more(two), 2).claims, 'the same one again').to.have.length(2);
    expect(claimed(rules.releaseClaim(two, checkoutId(1)), 3).claims).to.have.length(2);

    const one = more(claimed(cartOf([1, 10]), 1));
    expect(refusal(() => claimed(one, 2, 19))).to.equal('too_many_units');
    expect(claimed(one, 2, 20).claims).to.have.length(2);
    expect(claimed(rules.releaseClaim(one, checkoutId(1)), 2, 20).claims).to.have.length(1);
  });

  it('refuses to claim an empty cart, also for a checkout that is settled', () => {
    expect(refusal(() => rules.claimFor(empty, checkoutId(1), now, limits))).to.equal('empty_cart');
    const { state } = rules.claimFor(cartOf([1, 2]), checkoutId(1), now, limits);
    const settled = rules.settlePurchase(state, { checkoutId: checkoutId(1), lines: [] }, now);
    const again = rules.addItem(settled, { productId: 1, quantity: 1 }, now);
    expect(refusal(() => rules.claimFor(again, checkoutId(1), now, limits))).to.equal('empty_cart');
    const cleared = rules.clearCart(state, now);
    expect(
      refusal(() => rules.claimFor(cleared, checkoutId(2), now, limits)),
      'cleared while paying',
    ).to.equal('empty_cart');
  });

  it('keeps what was added while paying, also of what was taken out meanwhile', () => {
    const { state } = rules.claimFor(cartOf([1, 2]), checkoutId(1), now, limits);
    const swapped = rules.addItem(rules.removeItem(state, 1, now), { productId: 1, quantity: 1 }, now);
    const settled = rules.settlePurchase(swapped, { checkoutId: checkoutId(1), lines: [] }, now);
    expect(quantities(settled)).to.deep.equal({ 1: 1 });
  });

  it('settles once', () => {
    const purchase = { checkoutId: checkoutId(1), lines: [{ productId: 1, quantity: 2 }] };
    const settled = rules.settlePurchase(
      rules.claimFor(cartOf([1, 3]), checkoutId(1), now, limits).state,
      purchase,
      now,
    );
    expect(quantities(settled)).to.deep.equal({});
    const again = rules.addItem(settled, { productId: 1, quantity: 5 }, now);
    expect(rules.settlePurchase(again, purchase, now)).to.equal(again);
  });

  it('subtracts a purchase that it has no claim of, but not from younger lines', () => {
    const lines = [
      { productId: 1, quantity: 200 },
      { productId: 2, quantity: 1 },
    ];
    const cart = rules.addItem(cartOf([1, 3]), { productId: 2, quantity: 4 }, now + 10);
    const purchase = { checkoutId: checkoutId(1), lines, completedAt: now + 5 };
    expect(quantities(rules.settlePurchase(cart, purchase, now + 20))).to.deep.equal({ 2: 4 });
    const undated = { checkoutId: checkoutId(1), lines };
    expect(quantities(rules.settlePurchase(cart, undated, now + 20))).to.deep.equal({ 2: 3 });
  });

  it('remembers 100 settled checkouts', () => {
    let state = cartOf([1, 1]);
    for (let n = 1; n <= 101; n++)
      state = rules.settlePurchase(state, { checkoutId: checkoutId(n), lines: [] }, now);
    expect([state.settled.length, state.settled[0]]).to.deep.equal([100, checkoutId(2)]);
    expect(rules.CartState.parse(state)).to.deep.equal(state);
  });
});

const product = fc.integer({ min: 1, max: 3 });
const checkout = fc.integer({ min: 1, max: 4 });
const command = fc.oneof(
  fc.record({ do: fc.constant('add' as const), product, quantity: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ do: fc.constant('set' as const), product, quantity: fc.integer({ min: 1, max: 99 }) }),
  fc.record({ do: fc.constant('remove' as const), product }),
  fc.record({ do: fc.constant('clear' as const) }),
  fc.record({ do: fc.constant('claim' as const), checkout }),
  fc.record({ do: fc.constant('release' as const), checkout }),
  fc.record({ do: fc.constant('settle' as const), checkout }),
);

describe('cart rules: any history', () => {
  it('sells no unit twice and loses none: put in = taken out + sold + still there', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        let state = empty;
        /** What left the cart by the user's hand or by a sale, and how much was ever put in, per product. */
        const balance = new Map<number, number>();
        const change = (productId: number, by: number) =>
          balance.set(productId, (balance.get(productId) ?? 0) + by);
        const attempt = (work: () => CartState): boolean => {
          try {
            state = work();
            return true;
          } catch {
            return false;
          }
        };
        for (const each of commands) {
          const before = quantities(state);
          const earlier = state;
          switch (each.do) {
            case 'add':
              if (
                attempt(() => rules.addItem(state, { productId: each.product, quantity: each.quantity }, now))
              )
                change(each.product, each.quantity);
              break;
            case 'set':
              if (
                attempt(() =>
                  rules.setQuantity(state, { productId: each.product, quantity: each.quantity }, now),
                )
              )
                change(each.product, each.quantity - (before[each.product] ?? 0));
              break;
            case 'remove':
              if (attempt(() => rules.removeItem(state, each.product, now)))
                change(each.product, -before[each.product]!);
              break;
            case 'clear':
              state = rules.clearCart(state, now);
              for (const [id, quantity] of Object.entries(before)) change(Number(id), -quantity);
              break;
            case 'claim':
              attempt(() => rules.claimFor(state, checkoutId(each.checkout), now, limits).state);
              break;
            case 'release':
              state = rules.releaseClaim(state, checkoutId(each.checkout));
              break;
            case 'settle': {
              const claim = state.claims.find((one) => one.checkoutId === checkoutId(each.checkout));
              if (claim === undefined) break;
              for (const line of claim.lines) change(line.productId, -line.held);
              const { lines } = claim;
              state = rules.settlePurchase(state, { checkoutId: claim.checkoutId, lines }, now);
              expect(rules.settlePurchase(state, { checkoutId: claim.checkoutId, lines }, now)).to.equal(
                state,
              );
              break;
            }
          }
          rules.CartState.parse(state);
          const there = quantities(state);
          for (const [id, quantity] of balance) expect(there[id] ?? 0, `product ${id}`).to.equal(quantity);
          const held = state.claims.flatMap((claim) => claim.lines);
          for (const id of [1, 2, 3]) {
            const sum = held
              .filter((line) => line.productId === id)
              .reduce((total, line) => total + line.held, 0);
            expect(sum, `held of product ${id}`).to.be.at.most(there[id] ?? 0);
          }
          const seen = JSON.stringify(there) !== JSON.stringify(before);
          if (seen) expect(state.version, 'the version after a change').to.equal(earlier.version + 1);
        }
      }),
      { numRuns: 500 },
    );
  });
});
