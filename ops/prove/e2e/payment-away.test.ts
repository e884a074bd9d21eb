import { expect } from 'chai';
import { parseExposition } from '../../shop/metrics/testing/parse-exposition.ts';
import { eventually } from './eventually.ts';
import type { Shopper } from './shop-client.ts';
import { portOf } from './shop-environment.ts';
import { ShopFleet } from './shop-fleet.ts';
import type { ShopProcess } from './shop-process.ts';

/** What a process says of its calls to the payment service. */
async function payments(node: ShopProcess): Promise<{ isOpen: boolean; failed: number; notCalled: number }> {
  const answer = await fetch(`http://127.0.0.1:${portOf(node.lines, 'health')}/metrics`);
  const { samples } = parseExposition(await answer.text());
  const valueOf = (name: string, labels: Readonly<Record<string, string>>) =>
    samples.find(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )?.value ?? 0;
  const charges = (outcome: string) =>
    valueOf('trolley_grpc_client_duration_seconds_count', {
      method: 'payment.PaymentService/Charge',
      outcome,
    });
  return {
    isOpen: valueOf('trolley_circuit_open', { service: 'payment.PaymentService' }) === 1,
    failed: charges('failed'),
    notCalled: charges('not_called'),
  };
}

/** Fills and reads carts without a pause until it is told to stop; gives what was answered, by status. */
function useCarts(users: readonly Shopper[]) {
  const answered = new Map<number, number>();
  let isOver = false;
  const count = ({ status }: { readonly status: number }) =>
    answered.set(status, (answered.get(status) ?? 0) + 1);
  const all = users.map(async (user) => {
    while (!isOver) {
      count(await user.send('PUT', '/cart/items/2', { json: { quantity: 1 } }));
      count(await user.send('GET', '/cart'));
    }
  });
  return {
    total: () => [...answered.values()].reduce((sum, each) => sum + each, 0),
    stop: async () => {
      isOver = true;
      await Promise.all(all);
      return answered;
    },
  };
}

describe('a payment service that dies', function () {
  this.timeout(120_000);
  let fleet: ShopFleet;
  before(async () => (fleet = await ShopFleet.open()));
  after(() => fleet.stop());

  it('opens its circuit within five calls, closes it by coming back, and no cart notices', async () => {
    const services = await fleet.start('services', 'product,inventory');
    let payment = await fleet.start('payment', 'payment');
    const at = (process: ShopProcess, name: string) => portOf(process.lines, `${name} service`);
    const addresses = {
      PRODUCT_SERVICE_ADDR: `127.0.0.1:${at(services, 'product')}`,
      INVENTORY_SERVICE_ADDR: `127.0.0.1:${at(services, 'inventory')}`,
      PAYMENT_SERVICE_ADDR: `127.0.0.1:${at(payment, 'payment')}`,
      REQUEST_TIMEOUT_MS: '2000',
      HEALTH_PORT: '0',
    };
    const node = await fleet.start('node', 'node,relay,consumers', addresses);
    const gateway = await fleet.start('gateway', 'gateway', addresses);
    const [buyer, ...users] = await gateway.client.users(1, 5);
    if (buyer === undefined) throw new Error('there is a user');
    await buyer.add(1, 1);
    expect((await buyer.checkout('before')).body.status).to.equal('COMPLETED');
    for (const user of users) await user.add(2, 1);
    expect(await payments(node)).to.deep.equal({ isOpen: false, failed: 0, notCalled: 0 });

    const carts = useCarts(users);
    const port = String(at(payment, 'payment'));
    await payment.kill();
    await buyer.add(1, 1);
    const accepted = await buyer.checkout('while it is away');
    expect(accepted.status).to.equal(202);
    const opened = await eventually(async () => {
      const now = await payments(node);
      return now.isOpen && now;
    }, 'the circuit to open');
    // A figure is a second old at most: a call that tries again may be in it.
    expect(opened.failed).to.be.within(5, 6);
    const used = carts.total();
    await eventually(() => carts.total() > used + 100, 'carts that are used while the circuit is open');
    expect((await payments(node)).failed).to.be.below(10);

    payment = await fleet.start('payment', 'payment', { PAYMENT_PORT: port });
    const statusNow = async () =>
      (await buyer.shop.checkouts.get(accepted.body.checkout_id)).status === 'COMPLETED';
    await eventually(statusNow, 'the checkout to end');
    await eventually(async () => !(await payments(node)).isOpen, 'the circuit to close');
    await buyer.add(1, 1);
    expect((await buyer.checkout('after')).body.status).to.equal('COMPLETED');
    expect([...(await carts.stop()).keys()]).to.deep.equal([200]);
  });
});
