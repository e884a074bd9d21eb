import { eventually } from '../e2e/eventually.ts';
import { ShopClient } from '../e2e/shop-client.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import type { TokenSettings } from '../../shop/token.ts';

/** Buys something over HTTP and waits for the order: every role has had to do its part. */
export async function purchase(url: string, tokens: TokenSettings): Promise<string> {
  const shopper = await new ShopClient(url, tokens).user(1);
  const added = await shopper.add(1, 2);
  if (added.status !== 201) throw new StartProblem(`Adding to the cart: ${added.status} ${added.text}`);
  const checkout = await shopper.checkout('smoke-test');
  if (checkout.body.status !== 'COMPLETED') {
    throw new StartProblem(`The checkout: ${checkout.status} ${checkout.text}`);
  }
  const order = await eventually(
    async () => (await shopper.orders()).body.find(({ checkout_id: id }) => id === checkout.body.checkout_id),
    'the order of a completed checkout',
  );
  return `order ${order.id} for ${order.total_amount}`;
}
