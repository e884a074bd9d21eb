import type { Config } from './config/config.ts';
import { mintToken, type TokenSettings } from './token.ts';

const user = 1;

/** The last thing a start says: where the shop is and what to try. */
export async function welcome(
  { mode, jwt }: Pick<Config, 'mode'> & { readonly jwt: TokenSettings },
  gatewayUrl: string,
): Promise<string> {
  const api = `${gatewayUrl}/api/v1`;
  const places = ['', `  API      ${api}`, `  Health   ${gatewayUrl}/health/ready`];
  // Who can read a production log must not be able to buy.
  if (mode === 'production') return `${places.join('\n')}\n`;
  const send = `curl -sw '\\n' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'`;
  return [
    ...places,
    '',
    `  A token of user ${user}, for 12 hours:`,
    `  TOKEN=${await mintToken(jwt, { userId: user })}`,
    '',
    `  curl -sw '\\n' -H "Authorization: Bearer $TOKEN" ${api}/products`,
    `  ${send} -d '{"product_id":1,"quantity":2}' ${api}/cart/items`,
    // Another key whenever it is pasted: the same one again would give the same checkout.
    `  ${send} -d "{\\"idempotency_key\\":\\"$(date +%s%N)\\"}" ${api}/checkout`,
    '',
  ].join('\n');
}
