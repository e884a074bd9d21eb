import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { exposedPorts, missingLimits, unknownDependencies } from './compose-problems.ts';

describe('what a compose file names', () => {
  const shop = {
    depends_on: { redis: {}, reddis: {} },
    volumes: [
      { type: 'volume', source: 'shop' },
      { type: 'volume', source: 'chop' },
      { type: 'bind', source: '/etc/shop' },
    ],
  };

  it('is there', () => {
    expect(unknownDependencies({ services: { shop, redis: {} }, volumes: { shop: null } })).to.deep.equal([
      'shop: there is no reddis',
      'shop: there is no chop',
    ]);
  });
});

describe('what a compose file opens and bounds', () => {
  const limited = { deploy: { resources: { limits: { cpus: '1', memory: '1G' } } } };

  it('has a limit of memory for each service', () => {
    const half = { deploy: { resources: { limits: { cpus: '1' } } } };
    expect(missingLimits({ services: { limited, half, free: {} } })).to.deep.equal([
      'half: has no limit of memory',
      'free: has no limit of memory',
    ]);
  });

  it('has ports on the loopback only', () => {
    const ports = [
      { host_ip: '127.0.0.1', published: '80' },
      { host_ip: '0.0.0.0', published: '81' },
      { published: '82' },
    ];
    expect(exposedPorts({ services: { shop: { ports } } })).to.deep.equal([
      'shop: port 81 is not on the loopback',
      'shop: port 82 is not on the loopback',
    ]);
  });
});

describe('the PostgreSQL of docker-compose.yml', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docker-compose.yml'), 'utf8');
  const { services } = parse(text) as { services: { postgres: { entrypoint: string[]; command: string } } };
  const { entrypoint, command } = services.postgres;

  /** As an engine starts it, but that the image's own entrypoint is one that tells what it is given. */
  function start(env: Readonly<Record<string, string>>) {
    const [program = '', flag = '', script = '', ...rest] = entrypoint.map((word) =>
      word.replaceAll('$$', '$'),
    );
    const own = script.replace('exec docker-entrypoint.sh', 'echo');
    const args = [flag, own, ...rest, ...command.split(' ')];
    const { status, stdout, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
    return [status, stdout, stderr];
  }

  it('refuses the published password in production, and no other', () => {
    const refusal = 'POSTGRES_PASSWORD: is not set, wanted one of your own in production\n';
    expect(start({ NODE_ENV: 'production', POSTGRES_PASSWORD: 'trolley' })).to.deep.equal([1, '', refusal]);
    for (const env of [
      { NODE_ENV: 'production', POSTGRES_PASSWORD: 'own' },
      { NODE_ENV: 'development', POSTGRES_PASSWORD: 'trolley' },
    ])
      expect(start(env)).to.deep.equal([0, `${command}\n`, '']);
  });
});
