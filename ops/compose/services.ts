import { randomUUID } from 'node:crypto';
import type { MutualTls } from '../../actors/services/grpc/mutual-tls.ts';
import { openInventory, type Inventory } from '../../actors/services/inventory/inventory.client.ts';
import { openInventoryService } from '../../actors/services/inventory/inventory.service.ts';
import { openPayments, type Payments } from '../../actors/services/payment/payment.client.ts';
import { openPaymentService } from '../../actors/services/payment/payment.service.ts';
import { openProductCatalog, type ProductCatalog } from '../../actors/services/product/product.client.ts';
import { openProductService } from '../../actors/services/product/product.service.ts';
import { systemClock } from '../../runtime/define/clock.ts';
import type { Logger } from '../../runtime/observe/logger.ts';
import type { Config } from '../config/config.ts';
import type { DataDir } from '../infra/data-dir.ts';
import type { Lifecycle } from '../infra/lifecycle.ts';
import { listening } from './listening.ts';

/** The parties that the actors and the gateway call, reached over gRPC also within one process. */
export interface Services {
  readonly catalog: ProductCatalog;
  readonly inventory: Inventory;
  readonly payments: Payments;
}

type ServiceRole = 'product' | 'inventory' | 'payment';

/** Starts the services that are this process's role and connects to all three. */
export async function startServices(
  config: Config,
  dataDir: DataDir,
  lifecycle: Lifecycle,
  logger: Logger,
  tls: MutualTls | undefined,
): Promise<Services> {
  const common = {
    dataDir: dataDir.path,
    host: listening.services,
    logger,
    clock: systemClock,
    credentials: tls?.server,
  };
  const open = {
    product: (port: number) => openProductService({ ...common, port }),
    inventory: (port: number) =>
      openInventoryService({
        ...common,
        port,
        seedStock: config.seedStock,
        reservationTtlMs: config.checkout.reservationTtlMs,
      }),
    payment: (port: number) =>
      openPaymentService({
        ...common,
        port,
        successRate: config.payment.successRate,
        delay: { minMs: config.payment.delayMs.min, maxMs: config.payment.delayMs.max },
        ...(config.payment.seed === undefined ? {} : { seed: String(config.payment.seed) }),
        random: Math.random,
        newId: randomUUID,
        magicPaymentMethods: config.mode === 'development',
      }),
  };

  async function addressOf(role: ServiceRole): Promise<string> {
    if (!config.roles.has(role)) return config.addresses[role];
    const claim = { port: config.grpcPorts[role], variable: `${role.toUpperCase()}_PORT` };
    const service = await lifecycle.start({
      name: `the ${role} service`,
      start: () => listening.open(claim, () => open[role](claim.port)),
      stop: (running) => running.close(),
      describe: ({ port }) => `${role} service on :${port}`,
    });
    // One that runs here is called here, unless the configuration says otherwise.
    return config.givenAddresses.has(role) ? config.addresses[role] : `127.0.0.1:${service.port}`;
  }

  const product = await addressOf('product');
  const inventory = await addressOf('inventory');
  const payment = await addressOf('payment');
  const credentials = tls?.client;
  return lifecycle.start({
    name: 'the service connections',
    start: () => ({
      catalog: openProductCatalog({ address: product, credentials }),
      inventory: openInventory({ address: inventory, credentials }),
      payments: openPayments({ address: payment, credentials }),
    }),
    stop(clients) {
      for (const client of Object.values(clients)) client.close();
    },
  });
}
