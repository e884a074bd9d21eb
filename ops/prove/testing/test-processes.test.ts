import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';

const mocha = [
  '--conditions=@trolley/source',
  '--import',
  './ops/shop/process/ending.mjs',
  '--import',
  'tsx',
];
const cli = 'node_modules/mocha/lib/cli/cli.js';
// Given, so none is started.
const servers = {
  TEST_REDIS_URL: 'redis://127.0.0.1:1',
  TEST_REDIS_CLUSTER_URL: 'redis-cluster://127.0.0.1:1',
  TEST_POSTGRES_URL: 'postgres://127.0.0.1:1/none',
  TEST_MONGODB_URI: 'mongodb://127.0.0.1:1',
  TEST_KAFKA_BROKERS: '127.0.0.1:1',
};

describe('a run of tests', function () {
  this.timeout(60_000);
  let folder: string;
  const marked = (mark: string) => existsSync(join(folder, mark));

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trolley-test-run-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Its first test is under way until there is `go`. */
  function write(name: string): void {
    const program = `
      import { existsSync, writeFileSync } from 'node:fs';
      const mark = (what) => writeFileSync(${JSON.stringify(folder)} + '/${name}-' + what, '');
      describe('${name}', () => {
        it('first', async () => {
          mark('first');
          while (!existsSync(${JSON.stringify(join(folder, 'go'))})) await new Promise((go) => setTimeout(go, 5));
        });
        it('second', () => mark('second'));
        after(() => mark('after'));
      });`;
    writeFileSync(join(folder, `${name}.test.mjs`), program);
  }

  function run(...options: string[]) {
    const args = [...mocha, cli, ...options, join(folder, '*.test.mjs')];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...servers },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const told = { output: '', errors: '' };
    child.stdout.on('data', (chunk: Buffer) => (told.output += String(chunk)));
    child.stderr.on('data', (chunk: Buffer) => (told.errors += String(chunk)));
    const ended = once(child, 'close') as Promise<[number]>;
    /** Once something is so, or the run is over. */
    async function until(isSo: () => boolean): Promise<void> {
      while (!isSo() && child.exitCode === null) await delay(10);
    }
    return { pid: child.pid ?? 0, told, until, ended };
  }

  const signals = {
    'SIGTERM to the first one alone, as npm does': (pid: number) => process.kill(pid, 'SIGTERM'),
    'SIGINT to all of them, as a terminal does': (pid: number) => process.kill(-pid, 'SIGINT'),
  };
  for (const [how, signal] of Object.entries(signals)) {
    it(`in several processes ends after the tests under way on ${how}`, async () => {
      for (const name of ['a', 'b', 'c']) write(name);
      const { pid, told, until, ended } = run('--parallel', '--jobs', '2');
      await until(() => marked('a-first') && marked('b-first'));
      signal(pid);
      await until(() => told.errors.includes('Stopping on'));
      writeFileSync(join(folder, 'go'), '');
      const [code] = await ended;
      expect(code, told.errors).to.equal(1);
      expect(told.output).to.match(/\n1 passed, 1 failed\n$/);
      const left = readdirSync(folder).filter((file) => file.includes('-'));
      expect(left).to.have.members(['a-first', 'a-after', 'b-first', 'b-after']);
    });
  }

  it('in one process ends after the test under way, and has not passed', async () => {
    write('a');
    const { pid, told, until, ended } = run();
    await until(() => marked('a-first'));
    process.kill(pid, 'SIGTERM');
    await until(() => told.errors.includes('Stopping on'));
    writeFileSync(join(folder, 'go'), '');
    const [code] = await ended;
    expect(code, told.errors).to.equal(1);
    expect(told.output).to.match(/\n1 passed, 1 failed\n$/);
    expect(marked('a-second')).to.equal(false);
  });

  it('tells what a process died of between two files', async () => {
    const begun = JSON.stringify(join(folder, 'begun'));
    const leave = `after(() => {
      const left = setInterval(() => {
        if (!existsSync(${begun})) return;
        clearInterval(left);
        throw new Error('left behind');
      }, 5);
    });`;
    for (const name of ['a', 'b']) {
      const tests = `import { existsSync } from 'node:fs';
        describe('${name}', () => { it('passes', () => undefined); ${leave} });`;
      writeFileSync(join(folder, `${name}.test.mjs`), tests);
    }
    // The first of them is on its way into a process that had `a` or `b`; a process started later has nothing left behind.
    const next = `import { writeFileSync } from 'node:fs';
      writeFileSync(${begun}, '');
      await new Promise((go) => setTimeout(go, 5_000));
      it('passes', () => undefined);`;
    for (const name of ['c', 'd']) writeFileSync(join(folder, `${name}.test.mjs`), next);
    const { told, ended } = run('--parallel', '--jobs', '2');
    const [code] = await ended;
    expect(code, told.errors).to.be.greaterThan(0);
    expect(told.output).to.match(/Errors that nobody caught:\s+Error: left behind\n/);
    expect(told.output).to.match(/\nThe last test that had begun: [ab] passes\n/);
  });
});
