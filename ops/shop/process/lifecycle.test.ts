import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { type Clock, silentLogger } from '@trolley/runtime';
import { createLifecycle, type Lifecycle, type Stage } from './lifecycle.ts';
import { guardProcess, type GuardedProcess } from './process-guard.ts';
import { createProgress } from './progress.ts';

/** A clock whose deadlines pass when the test says so. */
function handClock() {
  let time = 0;
  let due: { at: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => time,
    monotonic: () => time,
    schedule(delayMs, run) {
      const entry = { at: time + delayMs, run };
      due.push(entry);
      return () => void (due = due.filter((other) => other !== entry));
    },
  };
  const advance = (ms: number) => {
    time += ms;
    const ready = due.filter(({ at }) => at <= time);
    due = due.filter(({ at }) => at > time);
    for (const { run } of ready) run();
  };
  return { clock, advance };
}

function scene() {
  const lines: string[] = [];
  const events: string[] = [];
  const progress = createProgress({ write: (text) => lines.push(text.trimEnd()) });
  const { clock, advance } = handClock();
  const lifecycle = createLifecycle({ progress, log: silentLogger, clock });
  const stage = (name: string, more: Partial<Stage<string>> = {}): Stage<string> => ({
    name,
    start: () => {
      events.push(`start ${name}`);
      return name;
    },
    stop: () => void events.push(`stop ${name}`),
    kill: () => void events.push(`kill ${name}`),
    ...more,
  });
  return { lifecycle, lines, events, stage, advance, progress, clock };
}

const never = new Promise<never>(() => undefined);
const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no failure',
    (error: unknown) => (error as Error).message,
  );

describe('lifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const { lifecycle, events, stage, lines } = scene();
    await lifecycle.start(stage('a', { describe: (made) => `${made} 1.0` }));
    await lifecycle.start(stage('b'));
    await lifecycle.stop();
    await lifecycle.stop();
    expect(events).to.deep.equal(['start a', 'start b', 'stop b', 'stop a']);
    expect(lines).to.deep.equal(['✓ a 1.0 (0.00 s)']);
  });

  it('stops what had started when a stage fails, before it tells', async () => {
    const { lifecycle, events, stage } = scene();
    await lifecycle.start(stage('a'));
    const failing = stage('b', { start: () => Promise.reject(new Error('no b')) });
    expect(await messageOf(lifecycle.start(failing))).to.equal('no b');
    expect(events).to.deep.equal(['start a', 'stop a']);
    expect(lifecycle.stopping.aborted).to.equal(true);
  });

  it('gives a start up at its deadline, and releases it when it comes after all', async () => {
    const { lifecycle, events, stage, advance } = scene();
    let arrive: (made: string) => void = () => undefined;
    const slow = stage('slow', {
      start: () => new Promise((resolve) => (arrive = resolve)),
      startDeadlineMs: 1000,
    });
    const outcome = messageOf(lifecycle.start(slow));
    advance(1000);
    expect(await outcome).to.equal('slow did not start within 1 s.');
    arrive('late');
    await lifecycle.stop();
    await new Promise(setImmediate);
    expect(events).to.deep.equal(['stop slow']);
  });

  it('goes on with the next stage when one does not stop in time', async () => {
    const { lifecycle, events, stage, advance } = scene();
    let told = false;
    await lifecycle.start(stage('a'));
    await lifecycle.start(
      stage('stuck', {
        stopDeadlineMs: 500,
        stop: (_, signal) => {
          signal.addEventListener('abort', () => (told = true));
          return never;
        },
      }),
    );
    const stopped = lifecycle.stop();
    await new Promise(setImmediate);
    expect(events).to.deep.equal(['start a', 'start stuck']);
    advance(500);
    await stopped;
    expect(events.at(-1)).to.equal('stop a');
    expect(told).to.equal(true);
  });

  it('goes on with the next stage when one fails to stop', async () => {
    const { lifecycle, events, stage } = scene();
    await lifecycle.start(stage('a'));
    await lifecycle.start(stage('b', { stop: () => Promise.reject(new Error('cannot')) }));
    await lifecycle.stop();
    expect(events.at(-1)).to.equal('stop a');
  });

  it('waits for a start in flight, releases what it made and refuses more', async () => {
    const { lifecycle, events, stage } = scene();
    let arrive: (made: string) => void = () => undefined;
    const starting = messageOf(
      lifecycle.start(stage('a', { start: () => new Promise((resolve) => (arrive = resolve)) })),
    );
    const stopped = lifecycle.stop();
    arrive('a');
    expect(await starting).to.equal('Stopped while starting.');
    await stopped;
    expect(events).to.deep.equal(['stop a']);
    expect(await messageOf(lifecycle.start(stage('b')))).to.equal('Stopped while starting.');
  });
});

describe('guardProcess', () => {
  function guarded() {
    const all = scene();
    const exits: number[] = [];
    let exited: (code: number) => void = () => undefined;
    const exit = new Promise<number>((resolve) => (exited = resolve));
    const fake = new EventEmitter();
    const leave = (code: number) => {
      exits.push(code);
      exited(code);
    };
    const process: GuardedProcess = {
      takeSignals: (listener) => {
        for (const name of ['SIGINT', 'SIGTERM']) fake.on(name, () => listener(name));
      },
      on: (event, listener) => fake.on(event, listener),
      exit: leave,
      exitWhenTold: async (code) => leave(code),
    };
    const { lifecycle, progress, clock } = all;
    const guard = guardProcess(process, { lifecycle, progress, log: silentLogger, clock });
    return { ...all, guard, exits, exit, send: (event: string, value?: unknown) => fake.emit(event, value) };
  }
  const withStuckStage = async ({
    lifecycle,
    stage,
  }: { lifecycle: Lifecycle } & ReturnType<typeof scene>) => {
    await lifecycle.start(stage('a'));
    await lifecycle.start(stage('stuck', { stop: () => never }));
  };

  it('stops gracefully on the first signal', async () => {
    const { lifecycle, events, stage, send, exit, lines, guard } = guarded();
    await lifecycle.start(stage('a'));
    send('SIGTERM');
    expect(guard.ending).to.equal(true);
    expect(await exit).to.equal(0);
    expect(events).to.deep.equal(['start a', 'stop a']);
    expect(lines[0]).to.match(/^Stopping on SIGTERM/);
  });

  it('takes the signal that npm passes on for the same keystroke', async () => {
    const all = guarded();
    await withStuckStage(all);
    all.send('SIGINT');
    all.advance(900);
    all.send('SIGINT');
    expect(all.exits).to.deep.equal([]);
  });

  it('ends everything at once on the second', async () => {
    const all = guarded();
    await withStuckStage(all);
    all.send('SIGINT');
    await new Promise(setImmediate);
    all.advance(2000);
    all.send('SIGINT');
    expect(all.exits).to.deep.equal([130]);
    expect(all.events.filter((event) => event.startsWith('kill')).sort()).to.deep.equal([
      'kill a',
      'kill stuck',
    ]);
    expect(all.lines).to.have.length(2);
  });

  for (const event of ['uncaughtException', 'unhandledRejection']) {
    it(`stops gracefully with exit code 1 on ${event}`, async () => {
      const { lifecycle, events, stage, send, exit } = guarded();
      await lifecycle.start(stage('a'));
      send(event, new Error('oops'));
      expect(await exit).to.equal(1);
      expect(events.at(-1)).to.equal('stop a');
    });
  }

  it('stops when a part reports that it cannot go on', async () => {
    const { lifecycle, exit, lines } = guarded();
    lifecycle.fail(new Error('the store is gone'));
    expect(await exit).to.equal(1);
    expect(lines[0]).to.include('the store is gone');
  });
});
