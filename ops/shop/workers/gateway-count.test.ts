import { expect } from 'chai';
import { parseConfig, type Environment } from '../config/parse-config.ts';
import { gatewayCount } from './gateway-count.ts';

describe('gatewayCount', () => {
  const certificates = { GRPC_TLS_CA: 'ca', GRPC_TLS_CERT: 'cert', GRPC_TLS_KEY: 'key' };
  const addresses = {
    PRODUCT_SERVICE_ADDR: 'a:1',
    INVENTORY_SERVICE_ADDR: 'b:2',
    PAYMENT_SERVICE_ADDR: 'c:3',
  };
  const cases: [environment: Environment, cores: number, count: number][] = [
    [{}, 1, 0],
    [{}, 2, 0],
    [{}, 3, 0],
    [{}, 4, 2],
    [{}, 64, 4],
    [{ ROLES: 'gateway,node' }, 4, 2],
    [{ ROLES: 'gateway' }, 8, 0],
    [{ ROLES: 'node,relay' }, 8, 0],
    [{ GATEWAY_PROCESSES: '0' }, 8, 0],
    [{ GATEWAY_PROCESSES: '3' }, 1, 3],
    [{ GATEWAY_PROCESSES: '3', ROLES: 'gateway' }, 1, 3],
    [{ GATEWAY_PROCESSES: '3', ROLES: 'node' }, 1, 0],
    [certificates, 8, 0],
    [{ ...certificates, GATEWAY_PROCESSES: '2' }, 8, 2],
    [{ ...certificates, ...addresses }, 8, 4],
    [{ ...certificates, ROLES: 'gateway,node' }, 8, 4],
  ];
  for (const [environment, cores, count] of cases) {
    it(`is ${count} with ${cores} cores and ${JSON.stringify(environment)}`, () => {
      expect(gatewayCount(parseConfig(environment), cores)).to.equal(count);
    });
  }

  it('is refused where it is no count', () => {
    for (const GATEWAY_PROCESSES of ['many', '-1', '1.5', '33']) {
      expect(() => parseConfig({ GATEWAY_PROCESSES })).to.throw(
        `GATEWAY_PROCESSES: got "${GATEWAY_PROCESSES}", wanted auto, or a whole number from 0 to 32`,
      );
    }
  });
});
