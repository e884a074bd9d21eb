import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (file: string) => parse(readFileSync(join(root, file), 'utf8'), { merge: true }) as unknown;

describe('what is scraped', () => {
  it('is each service of docker-compose.yml that is a process of the shop', () => {
    const { services } = read('docker-compose.yml') as { services: Record<string, { build?: object }> };
    const { scrape_configs: jobs } = read('ops/operate/observability/prometheus.yml') as {
      scrape_configs: readonly {
        job_name: string;
        dns_sd_configs: readonly { names: string[]; port: number }[];
      }[];
    };
    const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);
    expect(jobs.map(({ job_name: job }) => job)).to.deep.equal(['trolley']);
    const [{ names, port } = { names: [], port: 0 }] = jobs.flatMap(({ dns_sd_configs: found }) => found);
    expect(names.sort()).to.deep.equal(ours.map(([name]) => name).sort());
    expect(port).to.equal(9090);
  });

  it('is the port of a pod that its probes ask', () => {
    const { spec } = read('ops/operate/k8s/base/pods.yaml') as {
      spec: {
        template: {
          metadata: { annotations: Record<string, string> };
          spec: { containers: readonly { ports: readonly { name: string; containerPort: number }[] }[] };
        };
      };
    };
    const health = spec.template.spec.containers[0]?.ports.find(({ name }) => name === 'health');
    expect(spec.template.metadata.annotations).to.deep.equal({
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': String(health?.containerPort),
      'prometheus.io/path': '/metrics',
    });
  });
});
