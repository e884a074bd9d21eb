import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { systemClock } from '@trolley/runtime';
import { checkAt, createReadiness, type HealthCheck } from '@trolley/runtime/observe';
import { openHealthServer, type HealthServer } from './health-server.ts';

describe('openHealthServer', () => {
  const checks: Record<string, HealthCheck> = {};
  const metrics = { contentType: 'text/plain; version=0.0.4', text: async () => 'up 1\n' };
  let server: HealthServer;

  beforeEach(async () => {
    checks['redis'] = async () => {};
    checks['postgres'] = async () => {};
    server = await openHealthServer({
      host: '127.0.0.1',
      port: 0,
      probed: { readiness: createReadiness(checks, systemClock), metrics },
    });
  });
  afterEach(() => server.close());

  async function ask(path: string, method = 'GET'): Promise<readonly [status: number, body: unknown]> {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    const text = await answer.text();
    return [answer.status, text === '' ? '' : JSON.parse(text)];
  }

  it('is ready while every dependency works, and names those that do not', async () => {
    const dependencies = { redis: 'ok', postgres: 'ok' };
    expect(await ask('/health/ready')).to.deep.equal([200, { status: 'ok', dependencies }]);
    checks['postgres'] = checkAt('postgres://u:***@db', () =>
      Promise.reject(Object.assign(new Error('could not extend file'), { code: '53100' })),
    );
    expect(await ask('/health/ready')).to.deep.equal([
      503,
      {
        error: 'not ready: postgres',
        code: 'unavailable',
        status: 'unavailable',
        dependencies: { redis: 'ok', postgres: 'failing' },
        reasons: { postgres: 'postgres://u:***@db: the disk is full' },
      },
    ]);
  });

  it('closes a connection on which no request comes', async () => {
    const short = await openHealthServer({
      host: '127.0.0.1',
      port: 0,
      probed: { readiness: createReadiness(checks, systemClock), metrics },
      silentMs: 20,
    });
    for (const said of ['', 'GET /health/live HTTP/1.1\r\nHost:']) {
      const socket = connect(short.port, '127.0.0.1').resume();
      if (said !== '') socket.write(said);
      await once(socket, 'close');
    }
    await short.close();
  });

  it('lives whatever its dependencies do', async () => {
    checks['redis'] = () => Promise.reject(new Error('gone'));
    expect(await ask('/health/live?probe=1')).to.deep.equal([200, { status: 'ok' }]);
  });

  it('tells its figures as the text that they are', async () => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect([answer.headers.get('content-type'), await answer.text()]).to.deep.equal([
      metrics.contentType,
      'up 1\n',
    ]);
  });

  it('answers HEAD without a body, and nothing else', async () => {
    expect(await ask('/health/ready', 'HEAD')).to.deep.equal([200, '']);
    expect((await ask('/health/ready', 'POST'))[0]).to.equal(405);
    expect((await ask('/'))[0]).to.equal(404);
  });

  it('closes under a probe that keeps its connection', async () => {
    await ask('/health/live');
    await server.close();
    expect(await ask('/health/live').catch(() => 'refused')).to.equal('refused');
  });
});
