/* Settings that have no effect. Ignoring them in silence would let somebody believe that they have. */

const throughRedis = 'every role reaches carts, checkouts and orders through Redis';

const ignored: Readonly<Record<string, string>> = {
  CART_SERVICE_ADDR: throughRedis,
  CHECKOUT_SERVICE_ADDR: throughRedis,
  ORDERS_SERVICE_ADDR: throughRedis,
};

const byJwks = 'tokens are checked with the keys of JWT_JWKS_URL';
const ignoredWithJwks: Readonly<Record<string, string>> = {
  JWT_SECRET: byJwks,
  JWT_SECRETS_PREVIOUS: byJwks,
};

type Environment = Readonly<Record<string, string | undefined>>;

/** One line for each setting that has no effect. */
export function ignoredFeatures(env: Environment): string[] {
  const withoutSecrets = isSet(env['JWT_JWKS_URL']) ? ignoredWithJwks : {};
  return present(env, { ...ignored, ...withoutSecrets }).map(
    ([name, why]) => `${name} has no effect: ${why}`,
  );
}

function present(env: Environment, table: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(table).filter(([name]) => isSet(env[name]));
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}
