/* What all peers have in common: prices, and the form of what they answer. Plain JavaScript, since their packages are not installed where this is checked. */

export const priceOf = (productId) => productId * 10;

export function cartOf(units) {
  const items = Object.entries(units).map(([productId, quantity]) => ({
    product_id: Number(productId),
    quantity,
  }));
  const total_price = items.reduce((total, line) => total + line.quantity * priceOf(line.product_id), 0);
  return { items, total_price };
}

/** The participants of a checkout: each gives the same answer under the same id, and none does anything. */
export const participants = {
  reserve: (checkoutId) => `reservation of ${checkoutId}`,
  charge: (checkoutId) => `payment of ${checkoutId}`,
  confirm: (checkoutId) => `sale of ${checkoutId}`,
};

export const soldAs = (checkoutId, total_amount) => ({
  checkout_id: checkoutId,
  status: 'COMPLETED',
  total_amount,
});
