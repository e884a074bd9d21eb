import type { CartView } from '../../../actors/cart/cart.contract.ts';
import { openTestGateway, testJwt } from '../../../gateway/testing/test-gateway.ts';
import { variantNames, variants, type Variant, type VariantName } from './gateway/variants.ts';

/* The process of the gateways that are measured: one for each variant, over actors in memory that cost as little as can be. */

export interface GatewayReport {
  readonly urls: Readonly<Record<string, string>>;
  /** Processor time of this process so far. */
  readonly processorMicros: number;
}

process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => process.exit(0));

const at = '2026-01-01T00:00:00.000Z';
/** Too short to be compressed: measured is the look at `Accept-Encoding`, not the compression. */
const cart: CartView = {
  cartId: '0f8fad5b-d9cb-469f-a165-70867728950e',
  userId: 1,
  items: [1, 2, 3].map((productId) => ({ productId, quantity: 1, addedAt: at })),
  version: 3,
  createdAt: at,
  updatedAt: at,
};

async function open(name: VariantName): Promise<readonly [VariantName, string]> {
  const variant: Variant = variants[name];
  const { gateway, actors } = await openTestGateway({
    jwt: testJwt,
    cartViews: { get: async () => cart, put: async () => undefined },
    shedAboveMs: variant.shedAboveMs,
    rateLimits: variant.rateLimits,
    ...(variant.tracing === undefined ? {} : { tracing: variant.tracing }),
  });
  // As an actor that answers, without what a test's has to look at.
  actors.ask = async () => cart;
  return [name, gateway.url];
}

const urls = Object.fromEntries(await Promise.all(variantNames.map(open)));
const report = (): GatewayReport => {
  const { user, system } = process.cpuUsage();
  return { urls, processorMicros: user + system };
};
process.on('message', () => process.send?.(report()));
process.send?.(report());
