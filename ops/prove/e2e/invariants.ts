import { expect } from 'chai';
import { eventually } from './eventually.ts';
import type { ShopStores, StoredLine } from './shop-stores.ts';

/** Waits until every checkout has ended and every completed one has its order. */
export async function untilAllEnded(stores: ShopStores, withinMs?: number): Promise<void> {
  let seen = '';
  const allEnded = async () => {
    const [checkouts, orders] = [await stores.checkouts(), await stores.orders()];
    const open = checkouts.filter(({ status }) => status !== 'COMPLETED' && status !== 'FAILED');
    const completed = checkouts.filter(({ status }) => status === 'COMPLETED');
    const carts = await stores.carts();
    const claims = carts.flatMap((cart) => cart.claims);
    seen = JSON.stringify({
      open: open.map(({ id, status }) => `${id} ${status}`),
      completed: completed.length,
      orders: orders.length,
      claims: claims.length,
    });
    return open.length === 0 && orders.length === completed.length && claims.length === 0;
  };
  await eventually(
    allEnded,
    () => `every checkout ended, with its order and without a claim; found ${seen}`,
    withinMs,
  );
}

/** Holds checkouts, orders, money and stock of a shop at rest against each other. */
export async function expectInvariants(stores: ShopStores): Promise<void> {
  const checkouts = await stores.checkouts();
  const orders = await stores.orders();
  const completed = checkouts.filter(({ status }) => status === 'COMPLETED');
  const ids = (rows: readonly { readonly checkoutId: string }[]) =>
    rows.map(({ checkoutId }) => checkoutId).sort();

  const idsOfCompleted = completed.map(({ id }) => id).sort();
  expect(ids(orders), 'one order for each completed checkout').to.deep.equal(idsOfCompleted);

  const cancelled = new Set(ids(orders.filter(({ status }) => status === 'CANCELLED')));
  const sold = completed.filter(({ id }) => !cancelled.has(id));
  const kept = stores.payments().filter(({ status }) => status === 'charged');
  const idsOfSold = sold.map(({ id }) => id).sort();
  expect(ids(kept), 'money is kept for what was sold, and for nothing else').to.deep.equal(idsOfSold);
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
  expect(sum(kept.map(({ amountCents }) => amountCents)), 'cents charged and not refunded').to.equal(
    sum(sold.map(({ totalCents }) => totalCents)),
  );

  const units = unitsOf(sold.flatMap(({ lines }) => lines));
  for (const { productId, available, reserved, sold: gone, stocked } of stores.stock()) {
    const wanted = { productId, available: stocked - (units.get(productId) ?? 0), reserved: 0 };
    expect({ productId, available, reserved }, `stock of product ${productId}`).to.deep.equal(wanted);
    expect(gone, `sold units of product ${productId}`).to.equal(units.get(productId) ?? 0);
  }
}

function unitsOf(lines: readonly StoredLine[]): ReadonlyMap<number, number> {
  const units = new Map<number, number>();
  for (const { productId, quantity } of lines) {
    units.set(productId, (units.get(productId) ?? 0) + quantity);
  }
  return units;
}
