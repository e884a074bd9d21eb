import { isTrolleyError } from '../../../gateway/client/index.ts';
import { eventually } from '../e2e/eventually.ts';
import { ShopClient } from '../e2e/shop-client.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import type { TokenSettings } from '../../shop/token.ts';

/** Buys something over HTTP and waits for the order: every role has had to do its part. */
export async function purchase(url: string, tokens: TokenSettings): Promise<string> {
  const { shop } = await new ShopClient(url, tokens).user(1);
  const refused = (what: string) => (error: unknown) => {
    if (!isTrolleyError(error)) throw error;
    throw new StartProblem(`${what}: ${error.status ?? 'no answer'} ${error.code}: ${error.message}`);
  };
  await shop.cart.add({ product_id: 1, quantity: 2 }).catch(refused('Adding to the cart'));
  const sold = await shop.checkouts.run({}, { idempotencyKey: 'smoke-test' }).catch(refused('The checkout'));
  if (sold.status !== 'COMPLETED') throw new StartProblem(`The checkout: ${JSON.stringify(sold)}`);
  const order = await eventually(
    async () => (await shop.orders.list()).orders.find(({ id }) => id === sold.order_id),
    'the order of a completed checkout',
  );
  return `order ${order.id} for ${order.total_amount}`;
}
