/*
 * Settings of what is not part of this version. Ignoring them in silence would let somebody believe that
 * their tokens are checked against the keys of their own service.
 */

const feature = (name: string) => `${name} is not part of this version`;

const throughRedis = 'every role reaches carts, checkouts and orders through Redis';

const refused: Readonly<Record<string, string>> = {
  JWT_JWKS_URL: feature('checking tokens against a JWKS'),
};

const ignored: Readonly<Record<string, string>> = {
  // A standard variable: it may be there for other programs.
  OTEL_EXPORTER_OTLP_ENDPOINT: feature('tracing'),
  CART_SERVICE_ADDR: throughRedis,
  CHECKOUT_SERVICE_ADDR: throughRedis,
  ORDERS_SERVICE_ADDR: throughRedis,
};

type Environment = Readonly<Record<string, string | undefined>>;

/** One line for each setting that stops the start. */
export function refuseLaterFeatures(env: Environment): string[] {
  return present(env, refused).map(([name, why]) => `${name}: ${why}; leave it unset`);
}

/** One line for each setting that has no effect. */
export function ignoredFeatures(env: Environment): string[] {
  return present(env, ignored).map(([name, why]) => `${name} has no effect: ${why}`);
}

function present(env: Environment, table: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(table).filter(([name]) => isSet(env[name]));
}

function isSet(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}
