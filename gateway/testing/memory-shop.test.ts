import { describeShop } from './shop.suite.ts';
import { openTestGateway, type TestGateway } from './test-gateway.ts';

describe('the shop in memory', () => {
  let open: TestGateway;
  let users = 0;
  before(async () => {
    open = await openTestGateway();
  });
  after(() => open.close());

  describeShop('the shop in memory', () => ({
    newUser: () => ++users,
    send: (...sent) => open.send(...sent),
  }));
});
