import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { type LinkPort, silentLogger } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import type { GatewayProcess } from './gateway-run.ts';
import { GatewayWorkers } from './gateway-workers.ts';
import type { ToWorker } from './messages.ts';

/** A process that does what the test says. */
class FakeProcess extends EventEmitter {
  readonly told: ToWorker[] = [];
  readonly process = {
    pid: 1,
    stdout: new EventEmitter() as unknown as Socket,
    kill: (signal: string) => this.emit('exit', null, signal),
  };

  send(message: ToWorker, done: () => void): void {
    this.told.push(message);
    this.emit('told');
    done();
  }

  says(message: object): void {
    this.emit('message', message);
  }

  get port(): string | undefined {
    return this.told.flatMap((message) =>
      'start' in message ? [message.start.environment['HTTP_PORT']] : [],
    )[0];
  }
}

describe('GatewayWorkers', () => {
  let clock: FakeClock;
  let processes: FakeProcess[];
  let output: string[];
  let failure: string | undefined;
  /** What the cluster client hears of links. */
  let frames: unknown[];
  beforeEach(() => {
    frames = [];
    clock = new FakeClock();
    processes = [];
    output = [];
    failure = undefined;
  });

  const open = (count: number) =>
    new GatewayWorkers({
      count,
      fork() {
        const made = new FakeProcess();
        processes.push(made);
        return made as unknown as GatewayProcess;
      },
      clock,
      random: () => 0.5,
      logger: silentLogger,
      output: { write: (lines) => output.push(lines) },
    });
  const around = {
    environment: { REDIS_URL: 'redis://here' },
    checks: {
      carts: Object.assign(() => Promise.resolve(), { at: '/data/carts.sqlite' }),
      redis: () => Promise.reject(new Error('gone')),
    },
    metrics: async () => 'up 1\n',
    link(port: LinkPort) {
      port.onFrame((frame) => {
        frames.push(frame);
        port.post(`answer to ${String(frame)}`);
      });
      return () => frames.push('unlinked');
    },
    port: 0,
    fail: (problem: Error) => (failure = problem.message),
  };
  const listens = async (process: FakeProcess) => {
    const started = process.told.length > 0 ? Promise.resolve() : once(process, 'told');
    process.says({ loaded: true });
    await started;
    process.says({ ready: { url: 'http://localhost:4711', port: 4711 } });
  };
  const ends = async (process: FakeProcess, waitMs: number) => {
    process.emit('exit', 1, null);
    await clock.advance(waitMs);
  };
  const startTwo = async () => {
    const workers = open(2);
    const started = workers.start(around);
    for (const process of processes) await listens(process);
    expect(await started).to.deep.equal({ url: 'http://localhost:4711', port: 4711 });
    return workers;
  };

  it('starts each at once, and lets it listen when it is told where the shop is', async () => {
    const workers = open(1);
    const [process] = processes as [FakeProcess];
    process.says({ loaded: true });
    await clock.advance(0);
    expect(process.told).to.deep.equal([]);
    const started = workers.start(around);
    await once(process, 'told');
    expect(process.told).to.deep.equal([
      {
        start: {
          name: 'gateway-1',
          environment: { REDIS_URL: 'redis://here', HTTP_PORT: '0' },
          dependencies: [{ name: 'carts', at: '/data/carts.sqlite' }, { name: 'redis' }],
          isLinked: true,
        },
      },
    ]);
    expect(workers.isWhole).to.equal(false);
    process.says({ ready: { url: 'http://localhost:4711', port: 4711 } });
    await started;
    expect(workers.isWhole).to.equal(true);
  });

  it('says why the first can not start', async () => {
    for (const [says, sentence] of [
      [{ problem: 'Port 80 (HTTP_PORT) needs more rights.' }, 'Port 80 (HTTP_PORT) needs more rights.'],
      [undefined, 'A gateway process could not start: exit code 1.'],
    ] as const) {
      const started = open(1)
        .start(around)
        .catch((error: unknown) => (error as Error).message);
      const process = processes.pop();
      if (says !== undefined) process?.says(says);
      process?.emit('exit', 1, null);
      expect(await started).to.equal(sentence);
    }
  });

  it('fills the place of one that has ended, on the same port, after longer and longer waits', async () => {
    const workers = await startTwo();
    await ends(processes[0]!, 0);
    expect([processes.length, workers.isWhole]).to.deep.equal([2, false]);
    await clock.advance(250);
    expect(processes).to.have.length(3);
    await listens(processes[2]!);
    expect([workers.isWhole, processes[2]?.port], 'the other still has what 0 became').to.deep.equal([
      true,
      '0',
    ]);

    for (const [index, waitMs] of [500, 1_000, 2_000].entries()) {
      await ends(processes[2 + index]!, waitMs * 0.7);
      expect(processes, `not yet after ${waitMs * 0.7} ms`).to.have.length(3 + index);
      await clock.advance(waitMs * 0.1);
      await listens(processes[3 + index]!);
    }
    await clock.advance(31_000);
    await ends(processes.at(-1)!, 250);
    expect(processes, 'soon again after a good while').to.have.length(7);
    expect(failure).to.equal(undefined);
  });

  it('opens the port that 0 became when none has it any more', async () => {
    await startTwo();
    for (const process of processes.slice()) process.emit('exit', null, 'SIGKILL');
    await clock.advance(250);
    for (const process of processes.slice(2)) await listens(process);
    expect(processes.slice(2).map(({ port }) => port)).to.deep.equal(['4711', '4711']);
  });

  it('gives up after five starts in a row that failed: no half a shop', async () => {
    await startTwo();
    await ends(processes[0]!, 250);
    for (let failed = 2; failed <= 5; failed++) {
      expect(failure).to.equal(undefined);
      processes.at(-1)!.says({ problem: `not even the ${failed}th time` });
      await ends(processes.at(-1)!, 10_000);
    }
    expect(failure).to.equal('not even the 5th time');
    expect(processes).to.have.length(6);
  });

  it('looks at what this process depends on when a gateway asks', async () => {
    await startTwo();
    const [process] = processes as [FakeProcess];
    for (const name of ['carts', 'redis']) {
      const answered = once(process, 'told');
      process.says({ check: name });
      await answered;
    }
    expect(process.told.slice(1)).to.deep.equal([{ checked: 'carts' }, { checked: 'redis', reason: 'gone' }]);
  });

  it('links each to the cluster client of this process, until it ends', async () => {
    await startTwo();
    const [one, other] = processes as [FakeProcess, FakeProcess];
    one.says({ frame: 'one' });
    other.says({ frame: 'other' });
    expect([one, other].map(({ told }) => told.at(-1))).to.deep.equal([
      { frame: 'answer to one' },
      { frame: 'answer to other' },
    ]);
    one.emit('exit', null, 'SIGKILL');
    await clock.advance(0);
    expect(frames).to.deep.equal(['one', 'other', 'unlinked']);
  });

  it('gathers the figures of those that answer in time, and names each that does not', async () => {
    const workers = await startTwo();
    const [one] = processes as [FakeProcess, FakeProcess];
    const snapshot = [{ name: 'up', help: '', type: 'gauge', values: [], aggregator: 'sum' }];
    const silent: string[] = [];
    const gathered = workers.snapshots((name) => silent.push(name));
    expect(processes.map(({ told }) => told.at(-1))).to.deep.equal([{ measure: true }, { measure: true }]);
    one.says({ measured: snapshot });
    await clock.advance(1_000);
    expect([await gathered, silent]).to.deep.equal([[snapshot], ['gateway-2']]);
  });

  it('tells a gateway the figures of the whole shop', async () => {
    await startTwo();
    const [process] = processes as [FakeProcess];
    const answered = once(process, 'told');
    process.says({ scrape: true });
    await answered;
    expect(process.told.at(-1)).to.deep.equal({ metrics: 'up 1\n' });
  });

  it('passes on whole lines of their logs', async () => {
    await startTwo();
    const [one, other] = processes as [FakeProcess, FakeProcess];
    one.process.stdout.emit('data', Buffer.from('{"a":'));
    other.process.stdout.emit('data', Buffer.from('{"b":1}\n'));
    one.process.stdout.emit('data', Buffer.from('1}\n'));
    expect(output).to.deep.equal(['{"b":1}\n', '{"a":1}\n']);
  });

  it('lets each end well, kills those that do not, and fills no place meanwhile', async () => {
    const workers = await startTwo();
    const deadline = new AbortController();
    let stopped = false;
    const stop = workers.stop(deadline.signal).then(() => (stopped = true));
    expect(processes.map(({ told }) => told.at(-1))).to.deep.equal([{ stop: true }, { stop: true }]);
    processes[0]!.emit('exit', 0, null);
    await clock.advance(60_000);
    expect(stopped).to.equal(false);
    deadline.abort();
    await stop;
    expect(processes).to.have.length(2);
  });
});
