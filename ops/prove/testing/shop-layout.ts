/**
 * How the shops of `ops/prove/e2e/` run: without TEST_SHOP_LAYOUT in the process of the tests, as `npm start` does by itself.
 * With `TEST_SHOP_LAYOUT=deployed`, every role in processes of its own, on MongoDB, Kafka and a Redis Cluster:
 *
 *     npm run test:deployed
 */
export const deployed = readLayout(process.env['TEST_SHOP_LAYOUT'] ?? '');

function readLayout(given: string): boolean {
  if (given === '' || given === 'deployed') return given === 'deployed';
  throw new Error(`TEST_SHOP_LAYOUT: got "${given}", wanted deployed or nothing`);
}
