const known = ['mongodb', 'kafka', 'redis-cluster'] as const;

export type ShopBackend = (typeof known)[number];

/**
 * What the shops of `ops/prove/e2e/` run on besides PostgreSQL: a comma list in TEST_SHOP_BACKENDS. Without it they run as
 * `npm start` does by itself.
 *
 *     TEST_SHOP_BACKENDS=mongodb,kafka npx mocha 'ops/prove/e2e/*.test.ts'
 *
 * runs the same tests with carts in MongoDB: in the one that TEST_MONGODB_URI names, else one of the run's own. Each
 * shop has a database of its own there, which stays behind. And with the event log on Kafka: on one of the run's own
 * for each shop that runs at the same time, since the names of topic and groups are fixed. `redis-cluster` gives each
 * shop in the process of the tests a Redis Cluster of its own.
 */
export const shopBackends: ReadonlySet<ShopBackend> = new Set(
  (process.env['TEST_SHOP_BACKENDS'] ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word) => {
      const backend = known.find((each) => each === word);
      if (backend !== undefined) return backend;
      throw new Error(`TEST_SHOP_BACKENDS: got "${word}", wanted a comma list of ${known.join(', ')}`);
    }),
);
