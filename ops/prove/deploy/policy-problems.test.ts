import { expect } from 'chai';
import type { DeployedProcess } from './deployed-process.ts';
import { policyProblems } from './policy-problems.ts';

const pod = (name: string, env: Record<string, string> = {}): DeployedProcess => ({
  ...{ name, env, mounts: [], labels: { component: name, app: 'shop' } },
  ...{ portAt: () => undefined, namedPorts: name === 'product' ? { grpc: 50051 } : {} },
});
const pods = [
  pod('gateway', { REDIS_URL: 'redis://x' }),
  pod('relay', { REDIS_URL: 'redis://x' }),
  pod('product'),
];

const of = (...components: string[]) => ({
  matchExpressions: [{ key: 'component', operator: 'In', values: components }],
});
const policy = (name: string, spec: object) => ({ kind: 'NetworkPolicy', metadata: { name }, spec });
const grpc = [{ port: 50051 }];

const deny = policy('default-deny', {
  podSelector: { matchLabels: { app: 'shop' } },
  policyTypes: ['Ingress', 'Egress'],
});
const redis = (...users: string[]) =>
  policy('from-users-of-redis', {
    podSelector: of(...users),
    policyTypes: ['Egress'],
    egress: [{ ports: [{ port: 6379 }] }],
  });
const out = (...callers: string[]) =>
  policy('out', {
    podSelector: of(...callers),
    policyTypes: ['Egress'],
    egress: [{ to: [{ podSelector: of('product') }], ports: grpc }],
  });
const into = (...callers: string[]) =>
  policy('into', {
    podSelector: of('product'),
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: of(...callers) }], ports: grpc }],
  });

describe('what network policies let through', () => {
  it('is what the processes need', () => {
    const policies = [deny, redis('gateway', 'relay'), out('gateway'), into('gateway')];
    expect(policyProblems(policies, pods)).to.deep.equal([]);
  });

  it('is too little when one side is closed', () => {
    const closed = 'gateway → product:50051 is closed';
    const users = redis('gateway', 'relay');
    expect(policyProblems([deny, users, out('gateway')], pods)).to.deep.equal([closed]);
    expect(policyProblems([deny, users, into('gateway')], pods)).to.deep.equal([closed]);
  });

  it('is too much when one may call who does not', () => {
    const both = ['gateway', 'relay'];
    expect(policyProblems([deny, redis(...both), out(...both), into(...both)], pods)).to.deep.equal([
      'relay → product:50051 is open',
    ]);
  });

  it('is too much when nothing is denied', () => {
    expect(policyProblems([redis('gateway', 'relay')], pods)).to.include('product → product:50051 is open');
  });

  it('meets the users of a store, all of them and nobody else', () => {
    const policies = [deny, redis('gateway', 'product'), out('gateway'), into('gateway')];
    expect(policyProblems(policies, pods)).to.deep.equal([
      'relay needs from-users-of-redis',
      'product does not need from-users-of-redis',
    ]);
  });

  it('lets a Prometheus of another namespace read the figures of each', () => {
    const probed = { ...pod('consumers'), namedPorts: { health: 9090 } };
    const scraped = (from: object) =>
      policy('to-metrics', {
        podSelector: { matchLabels: { app: 'shop' } },
        policyTypes: ['Ingress'],
        ingress: [{ from: [from], ports: [{ port: 9090 }] }],
      });
    const prometheus = { podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } } };
    const closed = ['prometheus → consumers:9090 is closed'];
    expect(policyProblems([deny], [probed])).to.deep.equal(closed);
    expect(policyProblems([deny, scraped(prometheus)], [probed])).to.deep.equal(closed);
    expect(policyProblems([deny, scraped({ ...prometheus, namespaceSelector: {} })], [probed])).to.deep.equal(
      [],
    );
  });
});
