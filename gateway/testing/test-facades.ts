import { randomUUID } from 'node:crypto';
import { silentLogger, systemClock, type Logger } from '@trolley/runtime';
import { openGrpcClient, type GrpcClient } from '../../actors/services/grpc/grpc.client.ts';
import { openGrpcServer } from '../../actors/services/grpc/grpc-server.ts';
import { CartServiceService } from '../../proto/gen/cart/cart.ts';
import { CheckoutServiceService } from '../../proto/gen/checkout/checkout.ts';
import { OrdersServiceService } from '../../proto/gen/orders/orders.ts';
import { cartFacade } from '../grpc/cart-facade.ts';
import { checkoutFacade } from '../grpc/checkout-facade.ts';
import { ordersFacade } from '../grpc/orders-facade.ts';
import type { Shedding } from '../middleware/load-shedding.ts';
import type { Shop } from '../shop.ts';

/** The gRPC façades of a shop on a port of their own, and a client for each. */
export interface TestFacades {
  readonly carts: GrpcClient<typeof CartServiceService>;
  readonly checkouts: GrpcClient<typeof CheckoutServiceService>;
  readonly orders: GrpcClient<typeof OrdersServiceService>;
  close(): Promise<void>;
}

export async function openTestFacades(
  shop: Pick<Shop, 'carts' | 'checkouts' | 'orders'>,
  { logger = silentLogger, shedding }: { readonly logger?: Logger; readonly shedding?: Shedding } = {},
): Promise<TestFacades> {
  const options = {
    clock: systemClock,
    newId: randomUUID,
    requestTimeoutMs: 5_000,
    ...(shedding === undefined ? {} : { shedding }),
  };
  const server = await openGrpcServer({
    host: '127.0.0.1',
    port: 0,
    logger,
    services: [
      cartFacade(shop.carts, options),
      checkoutFacade(shop.checkouts, options),
      ordersFacade(shop.orders, options),
    ],
  });
  const address = `127.0.0.1:${server.port}`;
  const clients = {
    carts: openGrpcClient(CartServiceService, { address }),
    checkouts: openGrpcClient(CheckoutServiceService, { address }),
    orders: openGrpcClient(OrdersServiceService, { address }),
  };
  return {
    ...clients,
    async close() {
      for (const client of Object.values(clients)) client.close();
      await server.close();
    },
  };
}
