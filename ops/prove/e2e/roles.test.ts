import { expect } from 'chai';
import { Redis } from 'ioredis';
import { eventually } from './eventually.ts';
import { ShopFleet } from './shop-fleet.ts';

describe('the roles in processes of their own', function () {
  this.timeout(60_000);
  let fleet: ShopFleet;

  before(async () => {
    fleet = await ShopFleet.open();
  });
  after(() => fleet.stop());

  it('sell together, and each ends in order', async () => {
    const { services, addresses } = await fleet.startServices();
    const [node, gateway] = await Promise.all([
      fleet.start('node', 'node,relay,consumers', addresses),
      fleet.start('gateway', 'gateway,grpc', addresses),
    ]);

    const user = await gateway.client.user(1);
    await user.add(1, 2);
    await user.add(2, 1);
    const { status, body } = await user.checkout('k');
    expect(status).to.equal(201);
    expect(body).to.include({ status: 'COMPLETED', total_amount: 2629.97 });
    const [order] = await eventually(async () => {
      const { orders } = await user.shop.orders.list();
      return orders.length > 0 && orders;
    }, 'the order');
    expect(order).to.include({ checkout_id: body.checkout_id, status: 'CONFIRMED' });
    await eventually(async () => (await user.shop.cart.get()).total_items === 0, 'an empty cart');
    expect((await gateway.client.send('GET', '/health/ready')).status).to.equal(200);

    // A node that dies alone: nobody is left to handle what is asked, and everybody says so.
    await node.kill();
    const refused = await user.sendAdd(1, 1);
    expect(refused.status).to.equal(503);
    expect(refused.body)
      .to.have.property('error')
      .that.matches(/no node holds shard \d+$/);
    const health = await gateway.client.send('GET', '/health/ready');
    expect(health).to.have.property('status', 503);
    expect(health.body).to.have.nested.property('reasons.nodes', 'no node is alive');
    const redis = new Redis(fleet.redisUrl);
    expect(await redis.exists('actors:members')).to.equal(0);
    redis.disconnect();
    const again = await fleet.start('node', 'node,relay,consumers', addresses);
    expect(await user.add(1, 1)).to.include({ total_items: 1 });

    for (const each of [gateway, again, services]) {
      each.signal('SIGTERM');
      const { code, lines } = await each.ended;
      expect(code, lines.join('\n')).to.equal(0);
    }
  });
});
