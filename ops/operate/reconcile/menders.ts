import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Client } from 'pg';
import { type ActorRefs, codeOf } from '@trolley/runtime';
import { CartContract } from '../../../actors/cart/cart.contract.ts';
import { checkoutCompletedType } from '../../../actors/checkout/checkout-completed.ts';
import { CheckoutContract } from '../../../actors/checkout/checkout.contract.ts';
import type { CheckoutSession } from '../../../actors/checkout/checkout.state.ts';
import type { Order } from '../../../actors/order/order.state.ts';
import type { Inventory } from '../../../actors/services/inventory/inventory.client.ts';
import { reservationIdFor } from '../../../actors/services/inventory/reservation-id.ts';
import type { Payments } from '../../../actors/services/payment/payment.client.ts';
import { holdStill } from '../stores/snapshot.ts';
import { storedCheckout } from './checkout-facts.ts';
import { eventOf } from './examine-checkout.ts';
import { hasForgotten } from './examine-stock.ts';
import type { Mending } from './faults.ts';
import type { Finding } from './findings.ts';

/** What mends each kind of fault, by whom it belongs to. All may be done again, and then change nothing. */
export type Menders = Readonly<Record<Mending, (finding: Finding) => Promise<void>>>;

export interface MendingShop {
  readonly dataDir: string;
  /** Reads and writes what is there now. */
  readonly postgres: Client;
  readonly inventory: Inventory;
  readonly payments: Payments;
  /** @throws StartProblem when no shop runs whose actors could be asked */
  refs(): Promise<ActorRefs>;
}

interface Found {
  readonly session: CheckoutSession | undefined;
  readonly order: Order | undefined;
}

const callTimeoutMs = 5_000;
const context = { timeoutMs: callTimeoutMs };

export function createMenders(shop: MendingShop): Menders {
  const { postgres, inventory, payments } = shop;

  /**
   * Does it while nobody writes a checkout or an order, and only if what was found still holds: since then a customer
   * may have come again under the same key.
   */
  async function whileStill(finding: Finding, act: (found: Found) => Promise<void>): Promise<void> {
    await holdStill(postgres);
    try {
      const found = await storedCheckout(postgres, finding.id);
      assertStill(finding, found);
      await act(found);
    } finally {
      await postgres.query('COMMIT');
    }
  }

  async function publish({ id }: Finding): Promise<void> {
    const { session } = await storedCheckout(postgres, id);
    if (session?.value !== 'completed') throw new Error('the checkout is not completed any more');
    // As the relay does with what had no effect: consumers apply an event once.
    const { rowCount } = await postgres.query(
      'UPDATE outbox_events SET processed_at = NULL WHERE aggregate_id = $1',
      [id],
    );
    if (rowCount !== 0) return;
    await postgres.query(
      `INSERT INTO outbox_events (aggregate_id, event_type, partition_key, payload)
       SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM outbox_events WHERE aggregate_id = $1)`,
      [id, checkoutCompletedType, String(session.context.userId), JSON.stringify(eventOf(session))],
    );
  }

  return {
    refund: (finding) => whileStill(finding, () => payments.refund(finding.id, context)),
    release: (finding) =>
      whileStill(finding, async () => {
        const reservationId = reservationIdFor(finding.id);
        try {
          await inventory.release(reservationId, context);
        } catch (error) {
          if (codeOf(error) !== 'conflict') throw error;
          await inventory.restock(reservationId, context);
        }
      }),
    restock: (finding) => whileStill(finding, () => inventory.restock(reservationIdFor(finding.id), context)),
    sell: (finding) =>
      whileStill(finding, async (found) => {
        const sale = { checkoutId: finding.id, items: unitsOf(found) };
        const { reservationId } = await inventory.reserve(sale, context);
        await inventory.confirm(reservationId, context);
      }),
    recount: ({ id }) => Promise.resolve(recount(join(shop.dataDir, 'inventory.sqlite'), Number(id))),
    publish,
    async wake({ id }) {
      const refs = await shop.refs();
      await refs.ref(CheckoutContract, id).getStatus({}, context);
    },
    async 'release-claim'({ id: checkoutId, userId }) {
      const refs = await shop.refs();
      await refs.ref(CartContract, String(userId)).releaseClaim({ checkoutId }, context);
    },
    async 'settle-claim'({ id: checkoutId, userId }) {
      const lines = unitsOf(await storedCheckout(postgres, checkoutId));
      const refs = await shop.refs();
      await refs.ref(CartContract, String(userId)).settlePurchase({ checkoutId, lines }, context);
    },
  };
}

/** What was bought: by the checkout, or by the order that outlives it. */
function unitsOf({ session, order }: Found): { productId: number; quantity: number }[] {
  const lines = session?.context.lines ?? order?.items ?? [];
  return lines.map(({ productId, quantity }) => ({ productId, quantity }));
}

/** @throws when the finding does not hold any more */
function assertStill({ fault }: Finding, { session, order }: Found): void {
  const ending = session?.value;
  const holds =
    fault === 'charge-unknown' || fault === 'reservation-unknown'
      ? session === undefined && order === undefined
      : fault === 'charge-of-failed' || fault === 'reservation-of-failed'
        ? ending === 'failed' || ending === 'rejected'
        : fault === 'refund-missing' || fault === 'restock-missing'
          ? order?.status === 'CANCELLED'
          : (ending === 'completed' || (session === undefined && order !== undefined)) &&
            order?.status !== 'CANCELLED';
  if (!holds) throw new Error('things have changed since: nothing was done');
}

/** One statement, so that it is right whatever the service does at the same time. */
function recount(file: string, productId: number): void {
  const database = new Database(file, { fileMustExist: true });
  try {
    const held = (status: string) =>
      `(SELECT ifnull(sum(quantity), 0) FROM reservation_items JOIN reservations ON reservations.id = reservation_id
        WHERE product_id = stock.product_id AND status = '${status}')`;
    const sold = hasForgotten(database) ? `${held('confirmed')} + forgotten` : held('confirmed');
    const { changes } = database
      .prepare(
        `UPDATE stock SET reserved = ${held('reserved')}, sold = ${sold},
           available = stocked - ${held('reserved')} - ${sold} WHERE product_id = ?`,
      )
      .run(productId);
    if (changes === 0) throw new Error('the product has no stock any more');
  } finally {
    database.close();
  }
}
