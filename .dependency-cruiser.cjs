/**
 * proto ← runtime ← actors ← gateway ← ops, and in ops console ← shop ← operate ← prove; no cycles, and each driver in the folders of its adapters.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */

const order = ['proto', 'runtime', 'actors', 'gateway', 'ops'];
const doors = ['console', 'shop', 'operate', 'prove'];
const tests = '\\.test\\.ts$|/testing/|^ops/prove/e2e/';

/** The composition roots, in `ops/` and of the runtime's example, build the drivers that they hand to the adapters; the benches measure drivers. */
const roots =
  '^ops/(shop/([^/]+\\.ts$|compose/)|operate/([^/]+\\.ts$|backup/|reconcile/|stores/)|prove/(bench|chaos)/)|^runtime/example/';

/** What runtime/package.json exports. */
const runtimeEntries = Object.values(require('./runtime/package.json').exports)
  .flatMap((entry) => entry['@trolley/source'] ?? [])
  .map((file) => `^${file.replace('./', 'runtime/').replaceAll('.', '\\.')}$`);

const driver = (name, folders) => ({
  name: `driver-${name}`,
  comment: `${name} is imported only by its adapters, the composition roots and tests.`,
  severity: 'error',
  from: { path: '^(proto|runtime|actors|gateway|ops)/', pathNot: [...folders, roots, tests] },
  to: { path: `^node_modules/(@types/)?${name}(/|$)` },
});

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import that cannot be resolved escapes every other rule.',
      from: {},
      to: { couldNotResolve: true },
    },
    ...order.slice(0, -1).map((folder, index) => ({
      name: `${folder}-imports-downwards`,
      comment: 'proto ← runtime ← actors ← gateway ← ops',
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: `^(${order.slice(index + 1).join('|')})/` },
    })),
    {
      name: 'runtime-by-its-name',
      comment: 'The shop uses @trolley/runtime as a stranger would: by its entry points.',
      severity: 'error',
      from: { path: '^(proto|actors|gateway|ops)/' },
      to: { path: '^runtime/', pathNot: runtimeEntries },
    },
    ...doors.slice(0, -1).map((door, index) => ({
      name: `ops-${door}-imports-downwards`,
      comment: 'console ← shop ← operate ← prove',
      severity: 'error',
      from: { path: `^ops/${door}/`, pathNot: tests },
      to: { path: `^ops/(${doors.slice(index + 1).join('|')})/` },
    })),
    {
      name: 'gateway-sees-contracts',
      comment: 'The gateway talks to actors through their contracts, clients and read ports.',
      severity: 'error',
      from: { path: '^gateway/', pathNot: tests },
      to: {
        path: '^actors/',
        // The pieces of any gRPC server: the façades are made of them, too.
        pathNot: ['\\.(contract|client|view|queries)\\.ts$', '^actors/services/grpc/'],
      },
    },
    {
      name: 'api-runs-anywhere',
      comment:
        'What callers see of the routes is for browsers, too: nothing of Node, and of the rest types alone.',
      severity: 'error',
      from: { path: '^gateway/api/', pathNot: tests },
      to: {
        dependencyTypesNot: ['type-only'],
        pathNot: ['^gateway/api/', '^node_modules/zod/', '^actors/.*\\.contract\\.ts$'],
      },
    },
    {
      name: 'client-needs-nothing',
      comment:
        'What others install: nothing of the shop, of Node or of a package. Its types are written from the routes.',
      severity: 'error',
      from: { path: '^gateway/client/', pathNot: tests },
      to: { pathNot: '^gateway/client/' },
    },
    {
      name: 'vocabulary-runs-anywhere',
      comment: 'The contracts that the descriptions of the routes are made of need no actor.',
      severity: 'error',
      from: {
        path: '^actors/(values/|cart/cart-line|checkout/(checkout-status|shipping-address)|order/order-status|services/payment/payment-method).*\\.contract\\.ts$',
      },
      to: { path: '^runtime/', dependencyTypesNot: ['type-only'] },
    },
    driver('bullmq', ['^runtime/(mailbox|cluster|kernel|storage|events)/', '^ops/console/board/']),
    driver('ioredis', ['^runtime/(redis|mailbox|cluster|kernel|storage|events)/', '^gateway/middleware/']),
    driver('kafkajs', ['^runtime/events/']),
    driver('pg', ['^runtime/(storage|events)/', '^actors/', '^ops/shop/(servers|process|migrations)/']),
    driver('mongodb', ['^runtime/storage/', '^actors/']),
    driver('better-sqlite3', ['^runtime/storage/', '^actors/']),
    driver('@grpc/grpc-js', [
      '^proto/gen/',
      '^runtime/(define|observe)/',
      '^actors/services/',
      '^actors/[^/]+/[^/]+\\.(effects|client|grpc)\\.ts$',
      '^gateway/(grpc|clients|services)/',
    ]),
    driver('prom-client', ['^runtime/prometheus/', '^ops/shop/(metrics|tracing)/']),
    driver('@opentelemetry', ['^runtime/opentelemetry/', '^ops/shop/tracing/']),
    driver('koa', ['^gateway/', '^ops/console/']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(((runtime|gateway/client|ops/console/statechart)/)?dist|\\.data)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@trolley/source', 'import', 'types', 'node'],
    },
  },
};
