import { z } from 'zod';
import { covers, type DeployedProcess } from './deployed-process.ts';

const selector = z.object({
  matchLabels: z.record(z.string(), z.string()).default({}),
  matchExpressions: z
    .array(
      z.discriminatedUnion('operator', [
        z.object({ key: z.string(), operator: z.literal('In'), values: z.array(z.string()) }),
        z.object({ key: z.string(), operator: z.literal('Exists') }),
      ]),
    )
    .default([]),
});
const rule = z.object({
  from: z
    .array(z.object({ podSelector: selector.optional(), namespaceSelector: selector.optional() }))
    .optional(),
  to: z
    .array(z.object({ podSelector: selector.optional(), namespaceSelector: selector.optional() }))
    .optional(),
  ports: z.array(z.object({ port: z.number() })),
});
const networkPolicy = z.object({
  kind: z.literal('NetworkPolicy'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    podSelector: selector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z.array(rule).default([]),
    egress: z.array(rule).default([]),
  }),
});

type Policy = z.infer<typeof networkPolicy>;
type Labels = Readonly<Record<string, string>>;

/** Who calls whom within the shop. Consumers and relay talk to stores only. */
const callers = ['gateway', 'grpc', 'node'];
const called = ['product', 'inventory', 'payment'];

/** A Prometheus in another namespace. */
const scraper = { 'app.kubernetes.io/name': 'prometheus' };

/** The variable with a store's address, and the policy that lets its users out. */
const stores: Readonly<Record<string, string>> = {
  REDIS_URL: 'from-users-of-redis',
  POSTGRES_URL: 'from-users-of-postgres',
  MONGODB_URI: 'from-users-of-mongodb',
  KAFKA_SASL_USERNAME: 'from-users-of-kafka',
};

/** Where the policies let through more than the processes need, or less. */
export function policyProblems(
  manifests: readonly { kind?: unknown }[],
  pods: readonly DeployedProcess[],
): string[] {
  const policies = manifests
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map((manifest) => networkPolicy.parse(manifest));
  const lines: string[] = [];
  for (const from of pods) {
    for (const to of pods) {
      const { grpc } = to.namedPorts;
      if (grpc === undefined) continue;
      const needed = callers.includes(from.name) && called.includes(to.name);
      const open =
        allows(policies, 'Egress', from.labels, to.labels, grpc) &&
        allows(policies, 'Ingress', to.labels, from.labels, grpc);
      if (needed !== open) lines.push(`${from.name} → ${to.name}:${grpc} is ${open ? 'open' : 'closed'}`);
    }
    const { health } = from.namedPorts;
    if (health !== undefined && !allows(policies, 'Ingress', from.labels, scraper, health, 'elsewhere'))
      lines.push(`prometheus → ${from.name}:${health} is closed`);
    for (const [variable, name] of Object.entries(stores)) {
      const needed = from.env[variable] !== undefined;
      const policy = policies.find(({ metadata }) => metadata.name === name);
      const open = policy !== undefined && selects(policy.spec.podSelector, from.labels);
      if (needed !== open) lines.push(`${from.name} ${needed ? 'needs' : 'does not need'} ${name}`);
    }
  }
  return lines;
}

function allows(
  policies: readonly Policy[],
  direction: 'Ingress' | 'Egress',
  pod: Labels,
  peer: Labels,
  port: number,
  where: 'here' | 'elsewhere' = 'here',
): boolean {
  const that = policies.filter(
    ({ spec }) => spec.policyTypes.includes(direction) && selects(spec.podSelector, pod),
  );
  // A pod that no policy selects is open; one that some select takes what any of them allows.
  if (that.length === 0) return true;
  return that
    .flatMap(({ spec }) => (direction === 'Ingress' ? spec.ingress : spec.egress))
    .some(({ from, to, ports }) => {
      const peers = from ?? to;
      const meets = peers?.some(
        ({ podSelector, namespaceSelector }) =>
          // Another namespace's pods are not ours.
          (namespaceSelector === undefined) === (where === 'here') &&
          podSelector !== undefined &&
          selects(podSelector, peer),
      );
      return meets !== false && ports.some((one) => one.port === port);
    });
}

function selects({ matchLabels, matchExpressions }: z.infer<typeof selector>, labels: Labels): boolean {
  return (
    covers(labels, matchLabels) &&
    matchExpressions.every((expression) => {
      const value = labels[expression.key];
      if (value === undefined) return false;
      return expression.operator === 'Exists' || expression.values.includes(value);
    })
  );
}
