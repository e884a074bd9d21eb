import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openDataDir } from './data-dir.ts';
import { startMarkOf } from './process-identity.ts';
import { StartProblem } from './start-problem.ts';

describe('openDataDir', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'trolley-data-dir-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const lockFile = () => join(folder, 'trolley.lock');
  const writeLock = (pid: number, startMark: string) =>
    writeFileSync(lockFile(), JSON.stringify({ pid, startMark }));

  it('makes the folder, holds it, and leaves nothing of the lock behind', () => {
    const inside = join(folder, 'deep', 'data');
    const held = openDataDir(inside);
    expect(held.takenOver).to.equal(false);
    expect(readdirSync(inside)).to.deep.equal(['trolley.lock']);
    held.release();
    expect(readdirSync(inside)).to.deep.equal([]);
  });

  it('makes one where a link leads, and says why it cannot where something is in the way', () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
    for (const path of [
      join(folder, 'dangling', 'data'),
      join(folder, 'loop', 'data'),
      `/${'x'.repeat(300)}`,
    ]) {
      expect(() => openDataDir(path), path).to.throw(StartProblem, `DATA_DIR: ${path} can't be used: `);
    }
    mkdirSync(join(folder, 'there'));
    symlinkSync(join(folder, 'there'), join(folder, 'link'));
    openDataDir(join(folder, 'link', 'deep', 'data')).release();
    expect(readdirSync(join(folder, 'there'))).to.deep.equal(['deep']);
  });

  // Node's own mkdir turns in a circle there and hears no signal: so a process of its own, which is killed in the end.
  const itOnLinux = existsSync('/proc/self') ? it : () => undefined;
  itOnLinux('says that there can be no folder in /proc', async () => {
    const module = JSON.stringify(join(import.meta.dirname, 'data-dir.ts'));
    const code = `const { openDataDir } = await import(${module}); openDataDir('/proc/nope/data');`;
    const child = spawn(
      process.execPath,
      ['--conditions=@trolley/source', '--import', 'tsx', '--input-type=module', '-e', code],
      {
        timeout: 60_000,
        killSignal: 'SIGKILL',
      },
    );
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const [status, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect([status, signal]).to.deep.equal([1, null]);
    expect(said).to.include("DATA_DIR: /proc/nope/data can't be used: ENOENT: no such file or directory");
  });

  it('refuses a second start in one line that says where the first is', () => {
    const held = openDataDir(folder);
    held.announce('http://localhost:8080');
    expect(() => openDataDir(folder)).to.throw(
      `Trolley already runs on ${held.path} (pid ${process.pid}, http://localhost:8080). ` +
        'Stop it, or set DATA_DIR to another folder.',
    );
    held.release();
    openDataDir(folder).release();
  });

  it('takes nobody for dead whose lock can not be read', () => {
    mkdirSync(lockFile(), { recursive: true });
    expect(() => openDataDir(folder)).to.throw(/^DATA_DIR: .* can't be used: it is a folder/);
    expect(readdirSync(folder)).to.deep.equal(['trolley.lock']);
  });

  it('takes over from a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    openDataDir(folder, child.pid);
    expect(() => openDataDir(folder)).to.throw(`pid ${child.pid ?? ''}`);
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    const held = openDataDir(folder);
    expect(held.takenOver).to.equal(true);
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).to.include({ pid: process.pid });
    held.release();
  });

  it('is not fooled by another process that has the same id now', () => {
    writeLock(process.pid, 'another start');
    expect(openDataDir(folder).takenOver).to.equal(true);
  });

  it('takes over a lock that nobody can read', () => {
    writeFileSync(lockFile(), 'half a li');
    expect(openDataDir(folder).takenOver).to.equal(true);
  });

  it('takes from others what they may do with its files, and leaves alone what is not its own', () => {
    const modeOf = (name: string) => statSync(join(folder, name)).mode & 0o777;
    mkdirSync(join(folder, 'redis', 'appendonlydir'), { recursive: true });
    mkdirSync(join(folder, 'mail'));
    const files = [
      'carts.sqlite',
      'carts.sqlite-wal',
      'redis/redis.log',
      'redis/appendonlydir/1.aof',
      'mail/1.eml',
    ];
    for (const name of [...files, 'notes.txt']) writeFileSync(join(folder, name), '');
    symlinkSync(join(folder, 'notes.txt'), join(folder, 'redis', 'link'));
    for (const name of [...files, 'notes.txt']) chmodSync(join(folder, name), 0o644);
    for (const name of ['.', 'redis', 'redis/appendonlydir', 'mail']) chmodSync(join(folder, name), 0o755);
    openDataDir(folder).release();
    for (const name of files) expect(modeOf(name), name).to.equal(0o600);
    for (const name of ['redis', 'redis/appendonlydir', 'mail']) expect(modeOf(name), name).to.equal(0o700);
    expect([modeOf('notes.txt'), modeOf('.')]).to.deep.equal([0o644, 0o755]);
    rmSync(join(folder, 'notes.txt'));
    openDataDir(folder).release();
    // PostgreSQL runs as another user than root, and must pass.
    expect(modeOf('.')).to.equal(process.getuid?.() === 0 ? 0o711 : 0o700);
  });

  it('releases only its own lock', () => {
    const held = openDataDir(folder);
    writeLock(1, startMarkOf(1) ?? '');
    held.release();
    expect(existsSync(lockFile())).to.equal(true);
  });
});
