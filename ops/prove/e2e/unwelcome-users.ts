import { expect } from 'chai';
import type { ParkedActors } from '@trolley/runtime';
import type { PostgresPool } from '@trolley/runtime/postgres';
import { checkoutIdFor } from '../../../actors/checkout/checkout.contract.ts';
import { eventually } from './eventually.ts';
import { refusalOf, type ShopClient, type Shopper } from './shop-client.ts';

/*
 * Users whose rows a constraint refuses. That is no outage of the server, so what it refuses has failed for good, until
 * `mendTables`.
 */

/** Leaves a dead letter of each: their orders can't be cancelled. Returns the keys of these. */
export async function leaveDeadLetters(
  client: ShopClient,
  pool: PostgresPool,
  userIds: readonly number[],
): Promise<string[]> {
  const orders: { user: Shopper; id: string; key: string }[] = [];
  for (const userId of userIds) {
    const user = await client.user(userId);
    await user.add(1, 1);
    let tries = 0;
    const isSold = async () => (await user.checkout(`try ${tries++}`)).body.status === 'COMPLETED';
    await eventually(isSold, 'a payment that is not refused');
    const order = await eventually(async () => (await user.shop.orders.list()).orders[0], 'the order');
    orders.push({ user, id: order.id, key: order.checkout_id });
  }
  await pool.query(
    `ALTER TABLE orders ADD CONSTRAINT unwelcome
       CHECK (status <> 'CANCELLED' OR user_id NOT IN (${userIds.join()}))`,
  );
  for (const { user, id } of orders)
    expect(await refusalOf(user.shop.orders.cancel(id))).to.equal('500 internal');
  return orders.map(({ key }) => key);
}

/** Leaves a parked checkout of each: it is paid, and the outcome of its last step can't be stored. Returns their ids. */
export async function leaveParked(
  client: ShopClient,
  pool: PostgresPool,
  parked: Pick<ParkedActors, 'list'>,
  userIds: readonly number[],
): Promise<string[]> {
  await pool.query(
    `ALTER TABLE checkout_sessions ADD CONSTRAINT unwelcome
       CHECK (status <> 'COMPLETED' OR user_id NOT IN (${userIds.join()}))`,
  );
  const ids: string[] = [];
  for (const userId of userIds) {
    const user = await client.user(userId);
    await user.add(1, 1);
    ids.push(await stopOne(user));
  }
  return ids;

  /** The first of its checkouts whose payment is not refused. */
  async function stopOne(user: Shopper): Promise<string> {
    for (let tries = 1; ; tries++) {
      const key = `try ${tries}`;
      const id = checkoutIdFor(user.id, key);
      // Answered when it has ended, which it may not.
      void user.checkout(key).catch(() => undefined);
      const end = await eventually(async () => {
        if ((await parked.list()).items.some((each) => each.key === id)) return 'parked';
        const failed = `SELECT id FROM checkout_sessions WHERE id = $1 AND status = 'FAILED'`;
        return (await pool.query(failed, [id])).rows.length > 0 && 'refused';
      }, 'a checkout that stops');
      if (end === 'parked') return id;
    }
  }
}

export async function mendTables(pool: PostgresPool): Promise<void> {
  for (const table of ['orders', 'checkout_sessions'])
    await pool.query(`ALTER TABLE ${table} DROP CONSTRAINT unwelcome`);
}
