import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { compile } from './compile.mjs';
import { isAlive } from './process-identity.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const ending = join(import.meta.dirname, 'ending.mjs');

/** Starts a child in a process group of its own, as an embedded server is, and tells its id. */
const program = `
  const { spawn } = require('node:child_process');
  const forever = 'setInterval(() => undefined, 1000)';
  const child = spawn(process.execPath, ['-e', forever], { detached: true, stdio: 'ignore' });
  console.log(process.pid + ' ' + child.pid);
  setInterval(() => undefined, 1000);
`;
const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;
/** What npm gives to `sh -c`. */
const script = `TROLLEY_PARENT=$PPID exec node --import ${quoted(ending)} -e ${quoted(program)}`;
/** Stands in for npm: starts the script in a shell, and says what it says. */
const parent = `require('node:child_process').spawn('sh', ['-c', ${JSON.stringify(script)}], { stdio: 'inherit' })`;

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

function run(program: string, ...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }));
  return { child, ended };
}

async function idsToldBy(child: ChildProcess): Promise<number[]> {
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return line.toString().trim().split(' ').map(Number);
}

async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await delay(10);
}

describe('the end of what an npm script started', () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`is that of all of it, on ${signal} to the program`, async () => {
      const { child, ended } = run('sh', '-c', script);
      const pids = await idsToldBy(child);
      child.kill(signal);
      const { code, said } = await ended;
      expect(said).to.equal(`Ended by ${signal}.\n`);
      expect(code).to.equal({ SIGTERM: 143, SIGINT: 130, SIGHUP: 129 }[signal]);
      await untilGone(pids);
    });
  }

  for (const signal of ['SIGKILL', 'SIGHUP'] as const) {
    it(`comes when npm is ended by ${signal}, which it does not pass on`, async () => {
      const { child, ended } = run(process.execPath, '-e', parent);
      const pids = await idsToldBy(child);
      child.kill(signal);
      expect((await ended).said).to.equal('Ended by SIGHUP.\n');
      await untilGone(pids);
    });
  }

  it('takes away the folders that it made, once those who write to them have ended', async () => {
    const folders = pathToFileURL(join(import.meta.dirname, 'temporary-folder.ts')).href;
    const writer = `
      const { mkdirSync } = require('node:fs');
      process.once('SIGTERM', () => setTimeout(() => {
        mkdirSync(process.argv[1] + '/late/writing', { recursive: true });
        process.exit();
      }, 300));
      console.log('ready');
      setInterval(() => undefined, 1000);
    `;
    const program = `
      import { spawn } from 'node:child_process';
      import { temporaryFolder } from ${JSON.stringify(folders)};
      const folder = temporaryFolder('ending');
      const child = spawn(process.execPath, ['-e', ${JSON.stringify(writer)}, folder], { stdio: 'pipe' });
      child.stdout.once('data', () => console.log(folder));
    `;
    const modules = [
      '--conditions=@trolley/source',
      '--import',
      ending,
      '--import',
      'tsx',
      '--input-type=module',
    ];
    const { child, ended } = run(process.execPath, ...modules, '-e', program);
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    const folder = line.toString().trim();
    expect(existsSync(folder)).to.equal(true);
    child.kill('SIGTERM');
    expect(await ended).to.deep.equal({ code: 143, said: 'Ended by SIGTERM.\n' });
    expect(existsSync(folder)).to.equal(false);
  });

  it('can be had by every script of package.json: none leaves its shell between npm and the program', async () => {
    await compile(root);
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const shell = Object.entries(scripts).filter(([, text]) => !/^(\w+=\S+ )*exec (?!.*(&&|;))/.test(text));
    // Tools that end by themselves, in a row.
    expect(shell.map(([name]) => name)).to.deep.equal(['proto:check']);
    const running = Object.entries(scripts).filter(([, text]) => text.includes('exec node'));
    for (const [name, text] of running) {
      expect(text, name).to.match(/TROLLEY_PARENT=\$PPID exec node /);
      const [, file = ''] = /exec node (?:--(?!import)\S+ )*(?:--import )?(\S+)/.exec(text) ?? [];
      const isEnding = file.endsWith('/ending.mjs');
      const first = readFileSync(join(root, file), 'utf8');
      expect(
        isEnding || /^import (\{[^}]*\} from )?["']\.\/(process\/)?ending\.mjs["'];/.test(first),
        name,
      ).to.equal(true);
    }
  });
});

describe('a signal in the first second', () => {
  const start = ['--enable-source-maps', join(root, 'dist/ops/shop/main.js'), '--help'];
  before(() => compile(root));

  it('ends the shop before it has read its program', async () => {
    const { child, ended } = run(process.execPath, ...start);
    const { code, said } = await signalledUntil(ended, () => child.pid);
    // Before Node runs any line of ours the signal ends it itself.
    expect([code, said]).to.be.deep.oneOf([
      [143, 'Ended by SIGTERM.\n'],
      [null, ''],
    ]);
  });

  if (process.platform === 'linux' && process.getuid?.() === 0) {
    it('ends it also where it is PID 1, which does not hear what it has no handler for', async () => {
      const own = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath];
      const { child, ended } = run('unshare', ...own, ...start);
      const { code, said } = await signalledUntil(ended, () => childOf(child.pid ?? 0));
      expect([code, said]).to.deep.equal([143, 'Ended by SIGTERM.\n']);
    });
  }

  /** Again and again, from the first moment: some come too early to be heard. */
  async function signalledUntil(ended: Promise<Ended>, pid: () => number | undefined): Promise<Ended> {
    let over: Ended | undefined;
    void ended.then((how) => (over = how));
    while (over === undefined) {
      const target = pid();
      if (target !== undefined && isAlive(target)) process.kill(target, 'SIGTERM');
      await delay(5);
    }
    return over;
  }

  function childOf(pid: number): number | undefined {
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return processes.map(Number).find((each) => parentOf(each) === pid);
  }

  function parentOf(pid: number): number | undefined {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    } catch {
      return undefined;
    }
  }
});
