import { expect } from 'chai';
import { roles } from '../../shop/config/roles.ts';
import { processesOfCompose, processesOfManifests } from './deployed-process.ts';
import { problemsOf } from './process-problems.ts';

const everything = {
  CONSOLE_USERS: `sample:operator:$2b$12$${'a'.repeat(53)}`,
  ROLES: roles.join(','),
  HEALTH_PORT: '9090',
  DATA_DIR: '/data',
  GRPC_HOST: '0.0.0.0',
  GRPC_INSECURE: 'true',
};

/** One service of a compose file that does all, but for what is changed. */
function composed(environment: Record<string, string | null>, tmpfs = ['/tmp', '/data:mode=0700']) {
  const shop = { build: {}, environment: { ...everything, ...environment }, tmpfs };
  const redis = { environment: { SOMETHING: 'else' } };
  return problemsOf(processesOfCompose({ services: { shop, redis } }));
}

describe('what would stop a deployment', () => {
  it('is nothing where names, values, addresses and folders are right', () => {
    expect(composed({ PRODUCT_SERVICE_ADDR: 'shop:50051', JWT_ISSUER: null })).to.deep.equal([]);
  });

  for (const [what, problem, environment, tmpfs] of [
    ['a misspelt name', 'shop: nobody reads REDDIS_URL', { REDDIS_URL: 'redis://x' }],
    ['a wrong value', 'shop: HTTP_PORT: got "web", wanted', { HTTP_PORT: 'web' }],
    ['an address of nobody', 'shop: stock:50053 leads nowhere', { INVENTORY_SERVICE_ADDR: 'stock:50053' }],
    [
      'an address with the port of another',
      'shop: shop:50051 leads to shop, where payment does not listen',
      { PAYMENT_SERVICE_ADDR: 'shop:50051' },
    ],
    ['gRPC on a loopback', 'shop: GRPC_HOST is 127.0.0.1, where nobody outside', { GRPC_HOST: null }],
    ['gRPC open to all by mistake', 'shop: GRPC_HOST: got "0.0.0.0", wanted', { GRPC_INSECURE: null }],
    ['a missing role', 'nobody has the role relay', { ROLES: 'gateway,node' }],
    ['probes without a port', 'shop: HEALTH_PORT is not set', { HEALTH_PORT: '' }],
    ['a folder on a read-only root', 'shop: nothing is mounted for /data', {}, ['/tmp']],
    [
      'a certificate that nobody mounted',
      'shop: nothing is mounted for /tls/key.pem',
      { TLS_CERT: '/data/cert.pem', TLS_KEY: '/tls/key.pem' },
    ],
  ] as const) {
    it(`is ${what}`, () => {
      const found = composed(environment, tmpfs === undefined ? undefined : [...tmpfs]);
      expect(found.some((line) => line.startsWith(problem))).to.equal(true, found.join('\n'));
    });
  }

  it('is a probe that asks at another port than HEALTH_PORT', () => {
    expect(problemsOf(processesOfManifests(manifests(9091)))).to.deep.equal([
      'shop: HEALTH_PORT is 9090, and its probes ask 9091',
    ]);
  });

  it('is nothing where Kubernetes finds a service by its own port', () => {
    expect(problemsOf(processesOfManifests(manifests(9090)))).to.deep.equal([]);
  });
});

function manifests(healthPort: number): unknown[] {
  const labels = { app: 'shop' };
  const env = [
    { name: 'PRODUCT_SERVICE_ADDR', value: 'product:443' },
    { name: 'JWT_SECRET', valueFrom: { secretKeyRef: { name: 'jwt', key: 'secret' } } },
    { name: 'NODE_ENV', value: 'production' },
  ];
  const container = {
    env,
    envFrom: [{ configMapRef: { name: 'shop-1' } }],
    ports: [
      { name: 'health', containerPort: healthPort },
      { name: 'grpc', containerPort: 50051 },
    ],
    volumeMounts: [{ mountPath: '/data' }],
  };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  const selector = { app: 'shop' };
  return [
    { kind: 'ConfigMap', metadata: { name: 'shop-1' }, data: everything },
    { kind: 'Deployment', metadata: { name: 'shop' }, spec: { template } },
    {
      kind: 'Service',
      metadata: { name: 'product' },
      spec: { selector, ports: [{ port: 443, targetPort: 'grpc' }] },
    },
  ];
}
