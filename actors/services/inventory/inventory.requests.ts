import { RpcError } from '../grpc/rpc-error.ts';
import { parseProductId } from '../request-fields.ts';
import type { ReservedItem } from './inventory.store.ts';

const maxLines = 500;
const maxQuantity = 1_000_000;
/** What still fits the wire's int32, whatever is reserved besides. */
const maxAvailable = 1_000_000_000;

/** Each product once, in the order of their ids. Throws `invalid_request`, `invalid_quantity`, `invalid_product_id`. */
export function parseItems(items: readonly { productId: bigint; quantity: number }[]): ReservedItem[] {
  if (items.length === 0 || items.length > maxLines) {
    throw new RpcError('invalid_request', `a reservation has 1 to ${maxLines} lines, not ${items.length}`);
  }
  const quantities = new Map<number, number>();
  for (const item of items) {
    const productId = parseProductId(item.productId);
    const sum = (quantities.get(productId) ?? 0) + item.quantity;
    if (item.quantity <= 0 || sum > maxQuantity) {
      throw new RpcError('invalid_quantity', `a quantity is 1 to ${maxQuantity}, also added up`);
    }
    quantities.set(productId, sum);
  }
  return [...quantities]
    .map(([productId, quantity]) => ({ productId, quantity }))
    .sort((a, b) => a.productId - b.productId);
}

/** Throws `invalid_quantity`. */
export function parseAvailable(available: number): number {
  if (available < 0 || available > maxAvailable) {
    throw new RpcError('invalid_quantity', `available must be from 0 to ${maxAvailable}`);
  }
  return available;
}
