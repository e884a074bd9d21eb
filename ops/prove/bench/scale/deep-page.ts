import type { ShopClient } from '../../e2e/shop-client.ts';
import type { Census } from './owners.ts';

/** As large as pages can be. */
const mostOfPage = 500;
/** Of the collector's orders. */
const depth = 0.8;

/** The token of the page behind most of the collector's orders, found as anybody would: page after page. Empty: none. */
export async function deepTokenOf(client: ShopClient, census: Census): Promise<string> {
  const collector = await client.user(census.collector);
  const deep = Math.floor(census.ordersOfCollector * depth);
  const pageSize = Math.min(mostOfPage, deep);
  let token = '';
  for (let passed = 0; passed < deep; passed += pageSize) {
    const after = token === '' ? '' : `&page_token=${token}`;
    const { headers } = await collector.send('GET', `/orders?page_size=${pageSize}${after}`);
    token = headers.get('x-next-page-token') ?? '';
    if (token === '') return '';
  }
  return token;
}
