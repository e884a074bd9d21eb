import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Logger, systemClock } from '@trolley/runtime';
import { checkAt } from '@trolley/runtime/observe';
import type { GrpcClientOptions } from '../../../actors/services/grpc/grpc.client.ts';
import type { GrpcObserver } from '../../../actors/services/grpc/grpc-observer.ts';
import type { MutualTls } from '../../../actors/services/grpc/mutual-tls.ts';
import { openInventory, type Inventory } from '../../../actors/services/inventory/inventory.client.ts';
import { openInventoryService } from '../../../actors/services/inventory/inventory.service.ts';
import { openPayments, type Payments } from '../../../actors/services/payment/payment.client.ts';
import { openPaymentService } from '../../../actors/services/payment/payment.service.ts';
import {
  openProductCatalog,
  type ProductAdministration,
  type ProductCatalog,
} from '../../../actors/services/product/product.client.ts';
import { openProductService } from '../../../actors/services/product/product.service.ts';
import type { Config } from '../config/config.ts';
import { isLoopback } from '../config/loopback.ts';
import type { DataDir } from '../process/data-dir.ts';
import type { Lifecycle } from '../process/lifecycle.ts';
import type { Health } from './health.ts';
import { listening } from './listening.ts';

/** The parties that the actors and the gateway call: over gRPC, and without a connection within one process. */
export interface Services {
  readonly catalog: ProductCatalog & ProductAdministration;
  readonly inventory: Inventory;
  readonly payments: Payments;
}

export interface RunningServices extends Services {
  /** Where other processes reach them: HOST:PORT. */
  readonly addresses: Readonly<Record<ServiceRole, string>>;
}

const services = ['product', 'inventory', 'payment'] as const;

type ServiceRole = (typeof services)[number];

export interface ServicesParts {
  readonly tls: MutualTls | undefined;
  readonly health: Health;
  readonly observer?: GrpcObserver;
}

/** Starts the services that are this process's role and connects to all three. */
export async function startServices(
  config: Config,
  dataDir: Pick<DataDir, 'path'>,
  lifecycle: Lifecycle,
  logger: Logger,
  { tls, health, observer }: ServicesParts,
): Promise<RunningServices> {
  const common = {
    dataDir: dataDir.path,
    host: config.grpcHost,
    logger,
    clock: systemClock,
    observer,
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
        magicPaymentMethods: config.payment.forcingMethods,
      }),
  };

  const addresses = { ...config.addresses };

  /** How a service is reached, once it runs where it is this process's own. */
  async function targetOf(role: ServiceRole): Promise<GrpcClientOptions> {
    const configured = { address: config.addresses[role], credentials: tls?.client, observer };
    if (!config.roles.has(role)) return configured;
    const claim = {
      host: config.grpcHost,
      port: config.grpcPorts[role],
      variable: `${role.toUpperCase()}_PORT`,
    };
    const service = await lifecycle.start({
      name: `the ${role} service`,
      start: () => listening.open(claim, () => open[role](claim.port)),
      stop: (running) => running.close(),
      describe: ({ port }) => `${role} service on :${port}`,
    });
    lifecycle.stopping.addEventListener('abort', () => service.drain());
    const file = join(dataDir.path, `${role}.sqlite`);
    health.addCheck(
      role,
      checkAt(file, () => service.check()),
    );
    // One that runs here is called here, unless the configuration says otherwise.
    if (config.givenAddresses.has(role)) return configured;
    addresses[role] = `${hostOfServices(config)}:${service.port}`;
    return { server: service.inProcess, observer };
  }

  const product = await targetOf('product');
  const inventory = await targetOf('inventory');
  const payment = await targetOf('payment');
  const connections = await lifecycle.start({
    name: 'the service connections',
    start: () => ({
      catalog: openProductCatalog(product),
      inventory: openInventory(inventory),
      payments: openPayments(payment),
    }),
    stop(opened) {
      for (const connection of Object.values(opened)) connection.close();
    },
  });
  const { catalog, inventory: stock, payments } = connections;
  const called = { product: catalog, inventory: stock, payment: payments };
  for (const { role, needed } of calledElsewhere(config)) {
    const check = checkAt(config.addresses[role], () => called[role].check());
    if (needed) health.addCheck(role, check);
    else health.watch(role, check);
  }
  return { ...connections, addresses };
}

/** Where other processes of this machine reach the services of this one. */
function hostOfServices({ grpcHost: host, grpcTls }: Config): string {
  // Certificates are made out for names.
  const isLocalhost = ['0.0.0.0', '::'].includes(host) || (grpcTls !== undefined && isLoopback(host));
  if (isLocalhost) return 'localhost';
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** The services elsewhere that this process calls, and whether it is ready without them. */
export function calledElsewhere({ roles }: Config): { role: ServiceRole; needed: boolean }[] {
  const waysIn: readonly ServiceRole[] = roles.has('gateway')
    ? services
    : roles.has('grpc')
      ? ['product']
      : [];
  // The actors try again what a service refuses.
  const called = roles.has('node') ? services : waysIn;
  return called.filter((role) => !roles.has(role)).map((role) => ({ role, needed: waysIn.includes(role) }));
}
