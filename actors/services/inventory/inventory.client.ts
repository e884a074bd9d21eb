import { codeOf } from '@trolley/runtime';
import { RpcError } from '../grpc/rpc-error.ts';
import { InventoryServiceService, type StockInfo } from '../../../proto/gen/inventory/inventory.ts';
import { openGrpcClient, type GrpcClientOptions, type ServiceConnection } from '../grpc/grpc.client.ts';
import type { ServiceCall } from '../service-call.ts';
import { batchesOf } from '../grpc/message-size.ts';

export { reservationIdFor } from './reservation-id.ts';

export interface StockView {
  readonly productId: number;
  readonly available: number;
  readonly reserved: number;
}

export interface ReserveRequest {
  readonly checkoutId: string;
  readonly items: readonly { readonly productId: number; readonly quantity: number }[];
}

/** The stock, to those who call the inventory service. All but `getStock` may be repeated at will. */
export interface Inventory {
  /** Of those of the products that the inventory knows. */
  getStock(productIds: readonly number[], context?: ServiceCall): Promise<readonly StockView[]>;
  /**
   * All or nothing. `insufficient_stock`, `not_found` for unknown products, both with `shortagesOf` the error, and
   * `conflict` when the reservation was released before or holds other items.
   */
  reserve(
    request: ReserveRequest,
    context?: ServiceCall,
  ): Promise<{ readonly reservationId: string; readonly expiresAt: string }>;
  /** `conflict` with `{status: 'expired'}` when it came too late: the stock has gone back. */
  confirm(reservationId: string, context?: ServiceCall): Promise<void>;
  /**
   * From here on nothing is held, and a Reserve that is still on its way is refused; also when there was
   * nothing to release. `conflict` when it is sold.
   */
  release(reservationId: string, context?: ServiceCall): Promise<void>;
  /** Gives back what was sold, once. `conflict` when it was not sold, `not_found` when not known. */
  restock(reservationId: string, context?: ServiceCall): Promise<void>;
  /** Sets what is available, also of a product that was not known; with an idempotency key, once. */
  setStock(productId: number, available: number, context?: ServiceCall): Promise<StockView>;
}

/** The service takes as many in one request. */
const idsAtOnce = 1_000;

/** The inventory over gRPC. */
export function openInventory(options: GrpcClientOptions): Inventory & ServiceConnection {
  const client = openGrpcClient(InventoryServiceService, options);
  return {
    async getStock(productIds, context) {
      const answers = batchesOf(productIds, idsAtOnce).map((batch) =>
        client.call('getStock', { productIds: batch.map(BigInt), skipUnknown: true }, context),
      );
      return (await Promise.all(answers)).flatMap(({ stocks }) => stocks.map(viewOf));
    },
    reserve({ checkoutId, items }, context) {
      const lines = items.map(({ productId, quantity }) => ({ productId: BigInt(productId), quantity }));
      return client.call('reserve', { checkoutId, items: lines }, context);
    },
    async confirm(reservationId, context) {
      await client.call('confirm', { reservationId }, context);
    },
    async release(reservationId, context) {
      try {
        await client.call('release', { reservationId }, context);
      } catch (error) {
        // Nothing was held, and a tombstone now sees to it that nothing will be.
        if (codeOf(error) !== 'not_found') throw error;
      }
    },
    async restock(reservationId, context) {
      await client.call('restock', { reservationId }, context);
    },
    async setStock(productId, available, context) {
      const { stock } = await client.call('setStock', { productId: BigInt(productId), available }, context);
      if (stock === undefined) throw new RpcError('internal', 'an answer without a stock');
      return viewOf(stock);
    },
    check: () => client.check(),
    close: () => client.close(),
  };
}

function viewOf({ productId, available, reserved }: StockInfo): StockView {
  return { productId: Number(productId), available, reserved };
}
