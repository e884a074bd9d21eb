import { RpcError } from '../grpc/rpc-error.ts';
import {
  InventoryServiceService,
  ReservationStatus,
  type Reservation as WireReservation,
} from '../../../proto/gen/inventory/inventory.ts';
import { openGrpcSqliteService, type RunningService, type ServiceOptions } from '../grpc-sqlite-service.ts';
import { unaryService } from '../grpc/unary-service.ts';
import { RememberedAnswers } from '../remembered-answers.ts';
import { parseCheckoutId, parseProductId, parseReservationId } from '../request-fields.ts';
import { InventoryLedger, wrongStatus, type LedgerOptions } from './inventory.ledger.ts';
import { parseAvailable, parseItems } from './inventory.requests.ts';
import { inventoryMigrations, seedStock } from './inventory.schema.ts';
import { InventoryStore, type Reservation, type ReservedItem } from './inventory.store.ts';

export interface InventoryServiceOptions extends ServiceOptions, Partial<LedgerOptions> {
  /** What a new `dataDir` has of each seeded product; default: the contract's. */
  readonly seedStock?: number | undefined;
  /** How often expired reservations are given back. Default 30000. */
  readonly sweepEveryMs?: number;
}

const dayMs = 24 * 60 * 60 * 1000;

const wireStatus = {
  reserved: ReservationStatus.RESERVED,
  confirmed: ReservationStatus.CONFIRMED,
  released: ReservationStatus.RELEASED,
  expired: ReservationStatus.EXPIRED,
  restocked: ReservationStatus.RESTOCKED,
  tombstone: ReservationStatus.TOMBSTONE,
} as const;

/** Stock and reservations as a gRPC server. */
export function openInventoryService(options: InventoryServiceOptions): Promise<RunningService> {
  const { clock } = options;
  return openGrpcSqliteService(options, {
    name: 'inventory',
    migrations: inventoryMigrations,
    seed: (database) => seedStock(database, options.seedStock),
    build(database, { read, write }) {
      const store = new InventoryStore(database);
      const answers = new RememberedAnswers(database, clock);
      const ledger = new InventoryLedger(store, {
        reservationTtlMs: options.reservationTtlMs ?? 300_000,
        retentionMs: options.retentionMs ?? 7 * dayMs,
        soldRetentionMs: options.soldRetentionMs ?? 365 * dayMs,
      });
      const knownStockOf = (productId: number) => {
        const stock = store.stock(productId);
        return (
          stock && { productId: BigInt(productId), available: stock.available, reserved: stock.reserved }
        );
      };
      const stockOf = (productId: number) => {
        const stock = knownStockOf(productId);
        if (stock === undefined) throw new RpcError('not_found', `there is no product ${productId}`);
        return stock;
      };
      const service = unaryService(InventoryServiceService, {
        async getStock({ productIds, skipUnknown }) {
          if (productIds.length > 1000) throw new RpcError('invalid_request', 'at most 1000 ids at once');
          const ids = [...new Set(productIds.map(parseProductId))];
          const look = skipUnknown
            ? () => ids.map(knownStockOf).filter((stock) => stock !== undefined)
            : () => ids.map(stockOf);
          return { stocks: await read(look) };
        },
        async reserve({ checkoutId, items }, call) {
          const id = parseCheckoutId(checkoutId);
          const wanted = parseItems(items);
          const reservation = await write(call, () => ledger.reserve(id, wanted, clock.now()));
          return { reservationId: reservation.id, expiresAt: timeOf(reservation.expiresAt) };
        },
        async confirm({ reservationId }, call) {
          const id = parseReservationId(reservationId);
          const outcome = await write(call, () => ledger.confirm(id, clock.now()));
          // Thrown only here, after the commit: the stock has gone back whatever the caller is told.
          if (outcome === 'expired') throw wrongStatus({ id, status: 'expired' }, 'has expired');
          return { success: true };
        },
        async release({ reservationId }, call) {
          const id = parseReservationId(reservationId);
          const outcome = await write(call, () => ledger.release(id, clock.now()));
          if (outcome === 'unknown') throw new RpcError('not_found', `there is no reservation ${id}`);
          return { success: true };
        },
        async restock({ reservationId }, call) {
          const id = parseReservationId(reservationId);
          await write(call, () => ledger.restock(id, clock.now()));
          return { success: true };
        },
        async setStock(request, call) {
          const id = parseProductId(request.productId);
          const amount = parseAvailable(request.available);
          return write(call, () =>
            answers.once(call, InventoryServiceService.setStock, request, () => {
              store.setStock(id, amount);
              return { stock: stockOf(id) };
            }),
          );
        },
        async getReservation({ reservationId }) {
          const id = parseReservationId(reservationId);
          const reservation = await read(() => {
            const found = store.reservation(id);
            return found && toWire(found, store.items(id));
          });
          if (reservation === undefined) throw new RpcError('not_found', `there is no reservation ${id}`);
          return { reservation };
        },
      });

      const nobody = { isOver: false };
      // In batches, so that the callers' writes get their turn in between.
      async function round(): Promise<number> {
        const expired = await write(nobody, () => ledger.expireDue(clock.now()));
        return expired + (await write(nobody, () => ledger.forgetOld(clock.now())));
      }
      return { service, sweep: { everyMs: options.sweepEveryMs ?? 30_000, round } };
    },
  });
}

function timeOf(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function toWire(reservation: Reservation, items: readonly ReservedItem[]): WireReservation {
  return {
    reservationId: reservation.id,
    checkoutId: reservation.checkoutId ?? '',
    status: wireStatus[reservation.status],
    items: items.map((item) => ({ productId: BigInt(item.productId), quantity: item.quantity })),
    expiresAt: timeOf(reservation.expiresAt),
    createdAt: timeOf(reservation.createdAt),
    updatedAt: timeOf(reservation.updatedAt),
  };
}
