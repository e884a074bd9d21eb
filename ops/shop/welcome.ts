import type { RunningTrolley } from './compose.ts';
import type { Config } from './config/config.ts';
import { mintToken, type TokenSettings } from './token.ts';

const user = 1;

/** The last thing a start says: where the shop is and what to try. Empty: there is nothing to reach. */
export async function welcome(
  {
    mode,
    jwt,
  }: Pick<Config, 'mode'> & {
    readonly jwt: TokenSettings & { readonly jwksUrl?: string | undefined };
  },
  { gatewayUrl, console: operators }: RunningTrolley,
): Promise<string> {
  const lines: string[] = [];
  if (gatewayUrl !== undefined)
    lines.push(
      `  API      ${gatewayUrl}/api/v1`,
      `  Docs     ${gatewayUrl}/docs`,
      `  Health   ${gatewayUrl}/health/ready`,
    );
  if (operators !== undefined) lines.push(`  Console  ${operators.url}`);
  if (operators?.account !== undefined)
    lines.push(`           user ${operators.account.name}, password ${operators.account.password}`);
  // Who can read a production log must not be able to buy.
  const givesTokens = mode !== 'production' && jwt.jwksUrl === undefined;
  if (gatewayUrl !== undefined && givesTokens) lines.push(...(await thingsToTry(jwt, gatewayUrl)));
  return lines.length === 0 ? '' : ['', ...lines, ''].join('\n');
}

async function thingsToTry(jwt: TokenSettings, gatewayUrl: string): Promise<readonly string[]> {
  const api = `${gatewayUrl}/api/v1`;
  const send = `curl -sw '\\n' -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'`;
  return [
    '',
    `  A token of user ${user}, for 12 hours:`,
    `  TOKEN=${await mintToken(jwt, { userId: user })}`,
    '',
    `  curl -sw '\\n' -H "Authorization: Bearer $TOKEN" ${api}/products`,
    `  ${send} -d '{"product_id":1,"quantity":2}' ${api}/cart/items`,
    // Another key whenever it is pasted: the same one again would give the same checkout.
    `  ${send} -d "{\\"idempotency_key\\":\\"$(date +%s%N)\\"}" ${api}/checkout`,
  ];
}
