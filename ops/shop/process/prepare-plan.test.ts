import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { nodeProblem } from './package-facts.mjs';
import { chooseRedis, findProgram } from './find-redis.mjs';
import { canInstallWithApt, reasonToInstall } from './prepare-plan.mjs';
import { isAlive } from './process-identity.ts';

describe('reasonToInstall', () => {
  const machine = { os: 'linux', cpu: 'x64' };
  const koa = { version: '3.3.0', integrity: 'sha-a' };
  const mocha = { version: '12.0.3', dev: true };
  const mac = { version: '18.4.0', optional: true };
  const packages = { 'node_modules/koa': koa, 'node_modules/mocha': mocha, 'node_modules/mac': mac };
  const lock = { packages: { '': { version: '0.1.0' }, ...packages } };
  const reason = (
    installed: typeof lock | { packages: Record<string, object> } | undefined,
    withDev = true,
  ) => reasonToInstall({ lock, installed, withDev, machine });

  it('installs where nothing is', () => {
    expect(reason(undefined)).to.equal('nothing is installed yet');
  });

  it('leaves alone what is as wanted, and other platforms’ packages', () => {
    expect(reason({ packages })).to.equal(undefined);
    expect(reason({ packages: { 'node_modules/koa': koa, 'node_modules/mocha': mocha } })).to.equal(
      undefined,
    );
  });

  it('installs a missing, another or an altered package', () => {
    expect(reason({ packages: { 'node_modules/mocha': mocha } })).to.equal('koa is missing');
    const older = { ...packages, 'node_modules/koa': { ...koa, version: '3.2.0' } };
    expect(reason({ packages: older })).to.equal('koa is 3.2.0, wanted is 3.3.0');
    const altered = { ...packages, 'node_modules/koa': { ...koa, integrity: 'sha-b' } };
    expect(reason({ packages: altered })).to.match(/^koa is/);
  });

  it('wants development packages for tests only', () => {
    const production = { packages: { 'node_modules/koa': koa } };
    expect(reason(production)).to.equal('mocha is missing');
    expect(reason(production, false)).to.equal(undefined);
  });
});

describe('reasonToInstall, for what was copied from another machine', () => {
  const machine = { os: 'linux', cpu: 'x64' };
  const reason = (entry: object) => {
    const packages = { 'node_modules/esbuild-binary': { version: '1.0.0', ...entry } };
    const lock = { packages: { 'node_modules/esbuild-binary': { version: '1.0.0' } } };
    return reasonToInstall({ lock, installed: { packages }, withDev: true, machine });
  };

  it('is the first package that does not run here', () => {
    expect(reason({ os: ['darwin'], cpu: ['x64'] })).to.equal(
      'esbuild-binary is for another kind of machine',
    );
    expect(reason({ os: ['linux'], cpu: ['arm64'] })).to.match(/another kind of machine/);
    expect(reason({ os: ['!linux'] })).to.match(/another kind of machine/);
  });

  it('is none where all of them do', () => {
    for (const entry of [{}, { os: ['linux', 'darwin'] }, { os: ['!win32'], cpu: ['x64'] }])
      expect(reason(entry), JSON.stringify(entry)).to.equal(undefined);
  });
});

describe('chooseRedis', () => {
  const nothing = {
    redisUrl: undefined,
    program: undefined,
    dockerAnswers: async () => false,
    canInstall: () => false,
  };
  const docker = async () => true;
  const notAsked = () => {
    throw new Error('asked without need');
  };

  it('takes what is given, then a program, then Docker, then apt-get', async () => {
    const rest = { dockerAnswers: notAsked, canInstall: notAsked };
    const given = await chooseRedis({ ...rest, redisUrl: 'redis://x', program: '/usr/bin/redis-server' });
    expect(given).to.deep.equal({ kind: 'given', url: 'redis://x' });
    const program = await chooseRedis({ ...nothing, ...rest, program: '/usr/bin/redis-server' });
    expect(program).to.deep.equal({ kind: 'program', program: '/usr/bin/redis-server' });
    const choice = await chooseRedis({ ...nothing, dockerAnswers: docker, canInstall: notAsked });
    expect(choice.kind).to.equal('docker');
    expect((await chooseRedis({ ...nothing, canInstall: () => true })).kind).to.equal('install');
    expect((await chooseRedis(nothing)).kind).to.equal('none');
  });
});

describe('findProgram', () => {
  it('finds the first executable file, by name before folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'trolley-programs-'));
    try {
      const [one, two] = [join(folder, 'one'), join(folder, 'two')];
      mkdirSync(join(one, 'redis-server'), { recursive: true });
      mkdirSync(two);
      for (const path of [join(one, 'valkey-server'), join(two, 'redis-server')]) {
        writeFileSync(path, '');
        chmodSync(path, 0o755);
      }
      const names = ['redis-server', 'valkey-server'];
      expect(findProgram(names, `${one}:${two}`)).to.equal(join(two, 'redis-server'));
      expect(findProgram(names, one)).to.equal(join(one, 'valkey-server'));
      expect(findProgram(names, join(folder, 'none'))).to.equal(undefined);
      expect(findProgram(names, '')).to.equal(undefined);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('canInstallWithApt', () => {
  const aptGet = '/usr/bin/apt-get';
  const may = (osRelease: string, isRoot = true) => canInstallWithApt({ isRoot, osRelease, aptGet });

  it('is for root on Debian and its kind', () => {
    expect(may('NAME="Debian GNU/Linux"\nID=debian\n')).to.equal(true);
    expect(may('ID=ubuntu\nID_LIKE=debian\n')).to.equal(true);
    expect(may('ID=pop\nID_LIKE="ubuntu debian"\n')).to.equal(true);
    expect(may('ID=fedora\n')).to.equal(false);
    expect(may('ID=debian\n', false)).to.equal(false);
    expect(canInstallWithApt({ isRoot: true, osRelease: 'ID=debian', aptGet: undefined })).to.equal(false);
  });
});

/** Stands in for npm: notes what it was asked, and leaves the record that npm leaves. */
const installer = `
  const fs = require('node:fs');
  console.log('npm ' + process.argv.slice(2).join(' '));
  fs.mkdirSync('node_modules');
  fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
`;

describe('prepare.mjs', () => {
  const program = join(import.meta.dirname, 'prepare.mjs');

  it('says nothing when there is nothing to do', () => {
    const env = { PATH: '', REDIS_URL: 'redis://127.0.0.1:1' };
    expect(execFileSync(process.execPath, [program], { env, encoding: 'utf8', stdio: 'pipe' })).to.equal('');
  });

  /** A fresh clone, with `npm` in place of npm. */
  function makeClone(
    npm: string,
    node = '>=20.19',
  ): { clone: string; args: string[]; env: Record<string, string> } {
    const clone = mkdtempSync(join(tmpdir(), 'trolley-clone-'));
    const shop = join(clone, 'ops/shop');
    mkdirSync(join(shop, 'process'), { recursive: true });
    for (const name of [
      'process/ending.mjs',
      'process/package-facts.mjs',
      'process/prepare.mjs',
      'process/prepare-plan.mjs',
      'process/find-redis.mjs',
    ])
      copyFileSync(join(import.meta.dirname, '..', name), join(shop, name));
    writeFileSync(join(clone, 'package.json'), JSON.stringify({ engines: { node } }));
    writeFileSync(join(clone, 'package-lock.json'), JSON.stringify({ packages: { '': {} } }));
    const npmFile = join(clone, 'npm.cjs');
    writeFileSync(npmFile, npm);
    const env = { PATH: '', REDIS_URL: 'redis://127.0.0.1:1', npm_execpath: npmFile };
    return { clone, args: [join(shop, 'process/prepare.mjs')], env };
  }

  it('says in one line that this Node is too old, before anything is installed', () => {
    const { clone, args, env } = makeClone(installer, '>=99.1');
    try {
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
      const sentence = `This is Node ${process.versions.node}, and Trolley needs 99.1 or newer: https://nodejs.org.\n`;
      expect([status, stdout, stderr]).to.deep.equal([1, '', sentence]);
      expect(existsSync(join(clone, 'node_modules'))).to.equal(false);
    } finally {
      rmSync(clone, { recursive: true });
    }
  });

  it('ends npm ci with itself, and tells npm not to go on', async () => {
    const { clone, args, env } = makeClone(
      `console.log('npm is ' + process.pid); setInterval(() => undefined, 1000);`,
    );
    try {
      const preparing = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      const npm = await new Promise<number>((resolve) => {
        preparing.stderr.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          const pid = /npm is (\d+)/.exec(said)?.[1];
          if (pid !== undefined) resolve(Number(pid));
        });
      });
      preparing.kill('SIGTERM');
      const [code] = (await once(preparing, 'close')) as [number];
      expect([code, said.endsWith('Ended by SIGTERM.\n')]).to.deep.equal([143, true]);
      // It holds standard error, too: the close says that it has gone.
      expect(isAlive(npm)).to.equal(false);
    } finally {
      rmSync(clone, { recursive: true });
    }
  });

  it('installs what the lockfile wants in a fresh clone, once', () => {
    const { clone, args, env } = makeClone(installer);
    try {
      const prepare = () => spawnSync(process.execPath, args, { env, encoding: 'utf8' });
      const first = prepare();
      expect(first.stderr).to.match(/^Installing packages: nothing is installed yet\./);
      expect(first.stderr).to.match(/^npm ci --no-audit --no-fund$/m);
      expect([first.status, first.stdout]).to.deep.equal([0, '']);
      expect(prepare()).to.include({ status: 0, stderr: '' });
    } finally {
      rmSync(clone, { recursive: true });
    }
  });

  const real = createRequire(import.meta.url).resolve('better-sqlite3/build/Release/better_sqlite3.node');

  for (const [outcome, npm, status] of [
    ['is built again', `require('node:fs').copyFileSync(${JSON.stringify(real)}, process.env.COMPILED)`, 0],
    ['is refused in a sentence when that fails', 'process.exitCode = 1', 1],
  ] as const) {
    it(`a SQLite module of another Node ${outcome}`, () => {
      const { clone, args, env } = makeClone(`console.log('npm ' + process.argv.slice(2).join(' ')); ${npm}`);
      try {
        const folder = join(clone, 'node_modules', 'better-sqlite3', 'build', 'Release');
        mkdirSync(folder, { recursive: true });
        const COMPILED = join(folder, 'better_sqlite3.node');
        writeFileSync(COMPILED, 'compiled for another Node');
        copyFileSync(join(clone, 'package-lock.json'), join(clone, 'node_modules', '.package-lock.json'));
        const ran = spawnSync(process.execPath, args, { env: { ...env, COMPILED }, encoding: 'utf8' });
        expect(ran.status, ran.stderr).to.equal(status);
        const node = `Node ${process.version}`;
        expect(ran.stderr)
          .to.match(/^npm rebuild better-sqlite3$/m)
          .and.include(`is not for ${node}`);
        if (status === 1) expect(ran.stderr).to.include(`could not be built for ${node}`);
      } finally {
        rmSync(clone, { recursive: true });
      }
    });
  }

  it('says before npm start what can not be compiled, and where', () => {
    const { clone, args, env } = makeClone(installer);
    try {
      symlinkSync(join(import.meta.dirname, '../../../node_modules'), join(clone, 'node_modules'));
      copyFileSync(join(import.meta.dirname, 'compile.mjs'), join(clone, 'ops/shop/process/compile.mjs'));
      writeFileSync(join(clone, 'ops/shop/main.ts'), 'export const shop = ;');
      const starting = { ...env, npm_lifecycle_event: 'prestart' };
      const { status, stderr } = spawnSync(process.execPath, args, { env: starting, encoding: 'utf8' });
      expect(status).to.equal(1);
      expect(stderr).to.match(/^The shop could not be compiled: .*ops\/shop\/main\.ts:1:20: ERROR: .*\n$/s);
    } finally {
      rmSync(clone, { recursive: true });
    }
  });

  it('says in one sentence what to install where there is no Redis', () => {
    let said = '';
    try {
      execFileSync(process.execPath, [program], { env: { PATH: '' }, encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      said = (error as { stderr: string }).stderr;
    }
    expect(said).to.match(/^No Redis was found\. Install redis-server .+\n$/);
  });
});

describe('nodeProblem', () => {
  for (const enough of ['20.19.0', '20.19', '20.20.2', '22.0.0', '100.1.0']) {
    it(`takes Node ${enough}`, () => expect(nodeProblem(enough, '>=20.19')).to.equal(undefined));
  }
  for (const old of ['20.18.3', '18.20.8', '8.17.0']) {
    it(`says that Node ${old} is too old`, () =>
      expect(nodeProblem(old, '>=20.19')).to.equal(
        `This is Node ${old}, and Trolley needs 20.19 or newer: https://nodejs.org.`,
      ));
  }
});
