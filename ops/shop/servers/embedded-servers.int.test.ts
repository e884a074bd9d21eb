import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { silentLogger, systemClock } from '@trolley/runtime';
import { openRedis } from '@trolley/runtime/adapters';
import { startPostgres } from './embedded-postgres.ts';
import { startRedis } from './embedded-redis.ts';
import { isAlive } from '../process/process-identity.ts';
import { askRedis } from './redis-probe.ts';
import { searchPath } from '../../prove/testing/test-servers.ts';

const quiet = { clock: systemClock, logger: silentLogger };

async function onRedis<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

async function onPostgres(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows.flatMap((row) => Object.values(row));
  } finally {
    await client.end();
  }
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await delay(10);
}

interface Started {
  readonly redis: number;
  readonly redisUrl: string;
  readonly postgres: number;
  readonly postgresUrl: string;
}

/** Runs both stores in a process of their own, writes to them, and kills that process with -9. */
async function startAndKill(dataDir: string, endWithParent: boolean): Promise<Started> {
  const program = join(import.meta.dirname, '..', '..', 'prove', 'testing', 'start-and-wait.ts');
  const child = spawn(
    process.execPath,
    ['--conditions=@trolley/source', '--import', 'tsx', program, dataDir, searchPath, String(endWithParent)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const started = JSON.parse(line.toString()) as Started;
  await onRedis(started.redisUrl, (redis) => redis.set('kept', 'yes'));
  await onPostgres(started.postgresUrl, `CREATE TABLE kept AS SELECT 'yes' AS answer`);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
  return started;
}

describe('embedded servers', function () {
  this.timeout(60_000);
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'trolley-embedded-'))));
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('Redis never evicts, appends to disk and keeps its keys over a restart', async () => {
    const first = await startRedis({ dataDir: root, searchPath });
    expect(first.label).to.equal(`Redis ${first.version} on 127.0.0.1:${first.port}`);
    const settings = await onRedis(first.url, async (redis) => {
      await redis.set('kept', 'yes');
      const read = async (name: string) => (await redis.config('GET', name))[1];
      return [
        await read('maxmemory-policy'),
        await read('appendfsync'),
        await read('save'),
        await read('bind'),
      ];
    });
    expect(settings).to.deep.equal(['noeviction', 'everysec', '', '127.0.0.1']);
    await first.stop();
    const again = await startRedis({ dataDir: root, searchPath });
    try {
      expect(await onRedis(again.url, (redis) => redis.get('kept'))).to.equal('yes');
    } finally {
      await again.stop();
    }
  });

  it('Redis wants its password, which no process list and no log shows, and keeps it', async () => {
    const first = await startRedis({ dataDir: root, searchPath });
    const { password } = new URL(first.url);
    const folder = join(root, 'redis');
    try {
      expect(password).to.match(/^[0-9a-f]{48}$/);
      expect(await askRedis(first.port, '127.0.0.1', 'GET x')).to.match(/^-NOAUTH /);
      expect(statSync(first.socket ?? '').mode & 0o777).to.equal(0o700);
      const over = await openRedis(first.url, { ...quiet, socket: first.socket });
      expect(await over.call('CLIENT', 'INFO')).to.match(/ laddr=[^ ]*redis\.sock/);
      over.disconnect();
      const wrong = new URL(first.url);
      wrong.password = 'guess';
      const refusal = openRedis(wrong.href, { ...quiet, socket: first.socket }).catch(String);
      expect(await refusal).to.match(/WRONGPASS/);
      const seen = [
        execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' }),
        readFileSync(join(folder, 'redis.log'), 'utf8'),
        first.label,
      ];
      for (const text of seen) expect(text).not.to.include(password);
      expect(readFileSync(join(folder, 'password'), 'utf8').trim()).to.equal(password);
      for (const name of ['password', 'redis.conf', 'redis.log'])
        expect(statSync(join(folder, name)).mode & 0o777, name).to.equal(0o600);
    } finally {
      await first.stop();
    }
    const again = await startRedis({ dataDir: root, searchPath });
    await again.stop();
    expect(new URL(again.url).password).to.equal(password);
  });

  it('PostgreSQL wants its password, hides it, and keeps its tables over a restart', async () => {
    const first = await startPostgres({ dataDir: root });
    await onPostgres(first.url, `CREATE TABLE kept AS SELECT 'yes' AS answer`);
    expect(await onPostgres(first.url, 'SHOW fsync')).to.deep.equal(['on']);
    expect(await onPostgres(first.url, 'SHOW server_encoding')).to.deep.equal(['UTF8']);
    expect(await onPostgres(first.localUrl, 'SELECT inet_server_addr()')).to.deep.equal([null]);
    for (const url of [first.url, first.localUrl]) {
      const wrong = new URL(url);
      wrong.password = 'guess';
      const refusal = await onPostgres(wrong.href, 'SELECT 1').catch(
        (error: unknown) => error as { code: string },
      );
      expect(refusal).to.include({ code: '28P01' });
    }
    expect(statSync(join(root, 'postgres', 'password')).mode & 0o777).to.equal(0o600);
    await first.stop();
    const again = await startPostgres({ dataDir: root });
    try {
      expect(await onPostgres(again.url, 'TABLE kept')).to.deep.equal(['yes']);
    } finally {
      await again.stop();
    }
  });

  it('stops what a killed run left behind, and finds all it had written', async () => {
    const left = await startAndKill(root, false);
    expect([isAlive(left.redis), isAlive(left.postgres)]).to.deep.equal([true, true]);
    const [redis, postgres] = await Promise.all([
      startRedis({ dataDir: root, searchPath }),
      startPostgres({ dataDir: root }),
    ]);
    try {
      expect([isAlive(left.redis), isAlive(left.postgres)]).to.deep.equal([false, false]);
      expect(await onRedis(redis.url, (client) => client.get('kept'))).to.equal('yes');
      expect(await onPostgres(postgres.url, 'TABLE kept')).to.deep.equal(['yes']);
    } finally {
      await Promise.all([redis.stop(), postgres.stop()]);
    }
  });

  if (process.platform === 'linux') {
    it('they end by themselves when the process that started them is killed', async () => {
      const left = await startAndKill(root, true);
      await Promise.all([untilDead(left.redis), untilDead(left.postgres)]);
    });
  }

  it('leaves a stranger alone whose id stands in an old file', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { cwd: '/' });
    await once(stranger, 'spawn');
    try {
      await (await startRedis({ dataDir: root, searchPath })).stop();
      await (await startPostgres({ dataDir: root })).stop();
      writeFileSync(join(root, 'redis', 'redis.pid'), `${stranger.pid ?? ''}\n`);
      const data = join(root, 'postgres', 'data');
      const lines = [stranger.pid, data, 1, 5432, '', '127.0.0.1', '1 1', 'ready'];
      writeFileSync(join(data, 'postmaster.pid'), `${lines.join('\n')}\n`);
      await (await startRedis({ dataDir: root, searchPath })).stop();
      await (await startPostgres({ dataDir: root })).stop();
      expect(stranger.exitCode ?? stranger.signalCode).to.equal(null);
    } finally {
      stranger.kill();
    }
  });

  it('makes the cluster anew when the first time was interrupted', async () => {
    await (await startPostgres({ dataDir: root })).stop();
    const [data, half] = [join(root, 'postgres', 'data'), join(root, 'postgres', 'data.new')];
    cpSync(join(data, 'base'), half, { recursive: true });
    rmSync(data, { recursive: true });
    await (await startPostgres({ dataDir: root })).stop();
    expect([existsSync(data), existsSync(half)]).to.deep.equal([true, false]);
  });

  it('refuses the files of another major version in one line', async () => {
    await (await startPostgres({ dataDir: root })).stop();
    writeFileSync(join(root, 'postgres', 'data', 'PG_VERSION'), '12\n');
    const failure = await startPostgres({ dataDir: root }).catch((error: unknown) => error as Error);
    expect(failure)
      .to.have.property('message')
      .that.matches(/was written by PostgreSQL 12, this is PostgreSQL \d+/);
  });

  if (process.getuid?.() === 0) {
    it('PostgreSQL runs as another user than root, below a folder that only root may enter', async () => {
      chmodSync(root, 0o700);
      const server = await startPostgres({ dataDir: join(root, 'clone', '.data') });
      try {
        expect(statSync(`/proc/${server.pid ?? ''}`).uid).not.to.equal(0);
      } finally {
        await server.stop();
      }
      // And as root would copy it: everything belongs to root then.
      cpSync(join(root, 'clone'), join(root, 'copy'), { recursive: true });
      await (await startPostgres({ dataDir: join(root, 'copy', '.data') })).stop();
    });
  }
});
