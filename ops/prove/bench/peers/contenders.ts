import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { readEnvironment } from '../../../shop/environment.ts';
import { endingWithParent } from '../../../shop/process/death-signal.ts';
import { findFreePort } from '../../../shop/process/ports.ts';
import { startPostgres } from '../../../shop/servers/embedded-postgres.ts';
import { eventually } from '../../e2e/eventually.ts';
import { cachedFolder } from '../../servers/server-cache.ts';
import type { TokenSettings } from '../../../shop/token.ts';
import { startChild } from '../measure/child.ts';
import type { ProcessTree } from '../measure/processes.ts';

/* Who takes part: each starts all it needs in a folder of its own. */

/** Somebody who offers the same shop. */
export interface Contender {
  readonly name: string;
  /** What it is and how it is set, in a line. */
  readonly about: string;
  readonly url: string;
  /** Undefined: it asks nobody for a token. */
  readonly tokens?: TokenSettings;
  readonly trees: readonly ProcessTree[];
  close(): Promise<void>;
}

/** Exact, so that two runs measure the same. */
const versions = {
  '@dbos-inc/dbos-sdk': '5.3.0',
  '@restatedev/restate-sdk': '1.17.2',
  '@restatedev/restate-server': '1.7.12',
};
/** Of a pool: as many as there are clients. */
const connections = 32;
/** The server makes 24 by default, for more cores than these. */
const partitions = 4;
const startDeadlineMs = 60_000;

/** The peers' packages, in the cache of downloads: nobody who does not measure them needs 240 MB of them. */
export async function peerPackages(say: (line: string) => void): Promise<string> {
  const name = `bench-peers-${Object.values(versions).join('-')}`;
  return cachedFolder(name, async (folder) => {
    say('installing the packages of Restate and DBOS, 240 MB, once');
    await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: versions }));
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error'];
    await promisify(execFile)('npm', ['install', ...flags], { cwd: folder });
  });
}

/** A process of Node and the PostgreSQL that it alone has. */
function onPostgres(
  peer: Awaited<ReturnType<typeof startPeer>>,
  postgres: Awaited<ReturnType<typeof startPostgres>>,
): Pick<Contender, 'url' | 'trees' | 'close'> {
  return {
    url: peer.ready.url,
    trees: [
      { name: 'Node', pid: peer.pid },
      { name: 'PostgreSQL', pid: postgres.pid ?? 0 },
    ],
    async close() {
      await peer.stop();
      await postgres.stop();
    },
  };
}

export async function startPlain(folder: string): Promise<Contender> {
  const postgres = await startPostgres({ dataDir: join(folder, 'plain') });
  const peer = await startPeer('plain', { postgresUrl: postgres.url, connections });
  return {
    ...onPostgres(peer, postgres),
    name: 'plain',
    about: `plain Node and one transaction of PostgreSQL ${postgres.version} a request, fsync on: no saga, no services, no events`,
  };
}

export async function startDbos(folder: string, packages: string): Promise<Contender> {
  const postgres = await startPostgres({ dataDir: join(folder, 'dbos') });
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query('CREATE DATABASE dbos').finally(() => client.end());
  const systemUrl = Object.assign(new URL(postgres.url), { pathname: '/dbos' }).href;
  const peer = await startPeer('dbos', { postgresUrl: postgres.url, systemUrl, connections, packages });
  return {
    ...onPostgres(peer, postgres),
    name: 'DBOS',
    about: `DBOS ${versions['@dbos-inc/dbos-sdk']} on PostgreSQL ${postgres.version}, fsync on, pools of ${connections}; participants do nothing`,
  };
}

export async function startRestate(folder: string, packages: string): Promise<Contender> {
  const [ingress, admin, node, service] = [
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
    await findFreePort(),
  ];
  const home = join(folder, 'restate');
  await mkdir(home, { recursive: true });
  const log = openSync(join(home, 'server.log'), 'a');
  const { program, args } = endingWithParent(
    { program: join(packages, 'node_modules/.bin/restate-server'), args: ['--no-logo'], cwd: home },
    'KILL',
  );
  const server = spawn(program, args, {
    cwd: home,
    stdio: ['ignore', log, log],
    env: {
      ...readEnvironment(),
      RESTATE_BASE_DIR: home,
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_PORT: String(node),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_DEFAULT_NUM_PARTITIONS: String(partitions),
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'warn',
    },
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  const peer = await startPeer('restate', { port: service, packages });
  const register = async () => {
    const body = JSON.stringify({ uri: peer.ready.url, force: true });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`http://127.0.0.1:${admin}/deployments`, { method: 'POST', headers, body });
    return answer.ok;
  };
  const isThere = () => register().catch(() => false);
  try {
    await eventually(isThere, 'a Restate server that takes services', startDeadlineMs);
  } catch (cause) {
    const told = await readFile(join(home, 'server.log'), 'utf8');
    throw new Error(`Restate has not started: ${told.slice(-2_000)}`, { cause });
  }
  return {
    name: 'Restate',
    about: `Restate ${versions['@restatedev/restate-server']} (SDK ${versions['@restatedev/restate-sdk']}), one node, ${partitions} partitions, log with fsync, no telemetry; participants do nothing`,
    url: `http://127.0.0.1:${ingress}`,
    trees: [
      { name: 'Node', pid: peer.pid },
      { name: 'Restate', pid: server.pid ?? 0 },
    ],
    async close() {
      await peer.stop();
      server.kill('SIGTERM');
      await exited;
    },
  };
}

function startPeer(name: string, settings: object) {
  return startChild<object, { url: string }>(new URL(`${name}.mjs`, import.meta.url), settings);
}
