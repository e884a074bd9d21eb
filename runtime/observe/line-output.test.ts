import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FakeClock } from '../testing/fake-clock.ts';
import { LineOutput } from './line-output.ts';
import { createStandardLogger } from './logger.ts';

describe('LineOutput', () => {
  let folder: string;
  let opened: number[];
  let clock: FakeClock;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-lines-'));
    opened = [];
    clock = new FakeClock();
  });
  afterEach(() => {
    for (const fd of opened) closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  const open = (path: string, flags: number) => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };

  /** A pipe that does not block; its reader is there, but reads only when told to. */
  function makePipe() {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reader = open(path, constants.O_RDWR | constants.O_NONBLOCK);
    const fd = open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    const read = () => {
      const buffer = Buffer.alloc(1024 * 1024);
      return buffer.toString('utf8', 0, readSync(reader, buffer));
    };
    return { fd, read };
  }

  const line = (index: number) => `${String(index).padStart(6, '0')} ${'x'.repeat(992)}\n`;
  const numbersIn = (text: string) =>
    [...text.matchAll(/^(\d{6}) x{992}$/gm)].map(([, number]) => Number(number));
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

  it('writes line by line, and has written when it returns', async () => {
    const path = join(folder, 'file');
    const output = new LineOutput({ fd: open(path, constants.O_WRONLY | constants.O_CREAT), clock });
    for (const word of ['one', 'two']) output.write(`${word}\n`);
    expect(readFileSync(path, 'utf8')).to.equal('one\ntwo\n');
    await output.flush();
  });

  it('writes the lines of ten milliseconds together, or before when it is told to', async () => {
    const path = join(folder, 'file');
    const fd = open(path, constants.O_WRONLY | constants.O_CREAT);
    const output = new LineOutput({ fd, clock, together: true });
    const written = () => readFileSync(path, 'utf8');
    for (const word of ['one', 'two']) output.write(`${word}\n`);
    await clock.advance(9);
    expect(written()).to.equal('');
    await clock.advance(1);
    expect(written()).to.equal('one\ntwo\n');
    output.write('three\n');
    output.writeGathered();
    expect(written()).to.equal('one\ntwo\nthree\n');
    output.write('four\n');
    await output.flush();
    expect(written()).to.equal('one\ntwo\nthree\nfour\n');
  });

  it('counts each of the lines that are lost together', async () => {
    const { fd, read } = makePipe();
    const output = new LineOutput({ fd, clock, together: true, maxBytes: 100_000 });
    output.onLost = (lines) => output.write(`lost ${lines}\n`);
    for (const index of upTo(1_000)) output.write(line(index));
    await clock.advance(10);
    let text = read();
    while (!/^lost/m.test(text)) {
      await clock.advance(50);
      text += read();
    }
    const got = numbersIn(text);
    expect(got).to.deep.equal([...new Set(got)].sort((one, other) => one - other));
    expect(got.length).to.be.within(100, 200);
    expect(text.endsWith(`lost ${1_000 - got.length}\n`), text.slice(-40)).to.equal(true);
  });

  it('keeps what nobody reads up to its bound, loses and counts the rest, and goes on in order', async () => {
    const { fd, read } = makePipe();
    const output = new LineOutput({ fd, clock, maxBytes: 100_000 });
    output.onLost = (lines) => output.write(`lost ${lines}\n`);
    for (const index of upTo(1_000)) output.write(line(index));
    let text = '';
    for (let more = read(); more !== ''; more = await readMore()) text += more;
    const got = numbersIn(text);
    expect(got).to.deep.equal(upTo(got.length));
    // What the pipe itself holds, and 100 more.
    expect(got.length).to.be.within(150, 170);
    expect(text.endsWith(`lost ${1_000 - got.length}\n`), text.slice(-40)).to.equal(true);
    output.write('again\n');
    expect(read()).to.equal('again\n');

    async function readMore(): Promise<string> {
      await clock.advance(50);
      try {
        return read();
      } catch (error) {
        expect(error).to.include({ code: 'EAGAIN' });
        return '';
      }
    }
  });

  if (process.platform === 'linux') {
    it('loses what a full disk does not take, and tells once it takes lines again', () => {
      const full = open('/dev/full', constants.O_WRONLY);
      const told: number[] = [];
      const output = new LineOutput({ fd: full, clock });
      output.onLost = (lines) => told.push(lines);
      for (const index of upTo(1_000)) output.write(line(index));
      expect(told).to.deep.equal([]);
      // The disk has room again: what stood for it is a file now.
      const path = join(folder, 'file');
      const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT);
      redirect(full, path);
      closeSync(fd);
      output.write('again\n');
      expect(told).to.deep.equal([1_000]);
      expect(readFileSync(path, 'utf8')).to.equal('again\n');
    });
  }

  /** Lets a file descriptor lead elsewhere: the lowest free one is the next to be opened. */
  function redirect(fd: number, path: string): void {
    closeSync(fd);
    expect(openSync(path, constants.O_WRONLY)).to.equal(fd);
  }

  it('ends its wait for a reader that never comes', async () => {
    const { fd } = makePipe();
    const output = new LineOutput({ fd, clock });
    for (const index of upTo(100)) output.write(line(index));
    const flushed = output.flush();
    for (const _ of upTo(30)) await clock.advance(50);
    await flushed;
  });

  it('lets a log say how many of its lines were lost', async () => {
    const { fd, read } = makePipe();
    const output = new LineOutput({ fd, clock, maxBytes: 10_000 });
    const logger = createStandardLogger({ level: 'info', output });
    for (const index of upTo(200)) logger.info({ text: 'x'.repeat(1_000) }, String(index));
    read();
    await clock.advance(50);
    const lines = read().trim().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as { level: string; lines: number };
    expect(last.level).to.equal('warn');
    expect(last.lines).to.be.within(100, 199);
  });
});
