import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  createTestDatabase,
  createTestRedis,
  type TestDatabase,
} from '../../runtime/testing/test-servers.ts';
import { eventually } from './eventually.ts';
import { portOf, temporaryDataDir, type Environment } from './shop-environment.ts';
import { ShopProcess } from './shop-process.ts';

describe('the roles in processes of their own', function () {
  this.timeout(60_000);
  let folder: string;
  const processes: ShopProcess[] = [];
  let database: TestDatabase;
  let stores: Environment;

  before(async () => {
    folder = temporaryDataDir();
    database = await createTestDatabase();
    stores = { POSTGRES_URL: database.url, REDIS_URL: (await createTestRedis()).url };
  });
  after(async () => {
    await Promise.all(processes.map((each) => each.kill()));
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(roles: string, around: Environment = {}): Promise<ShopProcess> {
    const dataDir = join(folder, roles.replaceAll(',', '-'));
    mkdirSync(dataDir);
    const started = await ShopProcess.start({ ...stores, ...around, ROLES: roles, DATA_DIR: dataDir });
    processes.push(started);
    return started;
  }

  it('sell together, and each ends in order', async () => {
    const services = await start('product,inventory,payment');
    const at = (name: string) => `127.0.0.1:${portOf(services.lines, `${name} service`)}`;
    const addresses = {
      PRODUCT_SERVICE_ADDR: at('product'),
      INVENTORY_SERVICE_ADDR: at('inventory'),
      PAYMENT_SERVICE_ADDR: at('payment'),
    };
    const [node, gateway] = await Promise.all([
      start('node,relay,consumers', addresses),
      start('gateway,grpc', addresses),
    ]);

    const user = await gateway.client.user(1);
    await user.add(1, 2);
    await user.add(2, 1);
    const { status, body } = await user.checkout('k');
    expect(status).to.equal(201);
    expect(body).to.include({ status: 'COMPLETED', total_amount: 2629.97 });
    const [order] = await eventually(async () => {
      const { body: found } = await user.orders();
      return found.length > 0 && found;
    }, 'the order');
    expect(order).to.include({ checkout_id: body.checkout_id, status: 'CONFIRMED' });
    await eventually(async () => (await user.cart()).body.total_items === 0, 'an empty cart');
    expect((await gateway.client.send('GET', '/health/ready')).status).to.equal(200);

    for (const each of [gateway, node, services]) {
      each.signal('SIGTERM');
      const { code, lines } = await each.ended;
      expect(code, lines.join('\n')).to.equal(0);
    }
  });
});
