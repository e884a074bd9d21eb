import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { nodeProblem } from './package-facts.mjs';

/*
 * Loaded before everything else, so plain JavaScript that needs nothing but Node. From here on a signal ends the
 * process, and what it started, with a sentence: also in its first second, and also where it is PID 1, whom the kernel
 * shields from every signal without a handler. Who ends in an order of its own takes the signals over.
 *
 * It is also the first place where an old Node can be told so.
 *
 * An npm script gives TROLLEY_PARENT, the process id of npm. npm passes SIGINT and SIGTERM on, but not SIGHUP, and
 * nothing once it is killed; so whoever it started looks whether it is still there.
 */

const tooOld = nodeProblem(process.versions.node);
if (tooOld !== undefined) {
  process.stderr.write(`${tooOld}\n`);
  process.exit(1);
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const watchMs = 250;
/** How long what was started may take to end. */
const childrenMs = 10_000;
const pause = new Int32Array(new SharedArrayBuffer(4));
/** The terminal tells all of us of Ctrl-C, and npm tells it once more: within this time it is the same keystroke. */
export const echoMs = 1_000;

// The loader of TypeScript makes a second module of this file.
for (const name of signals) if (process.listenerCount(name) === 0) process.on(name, endAtOnce);

const parent = Number(process.env.TROLLEY_PARENT);
// Whoever is started from here has another parent.
delete process.env.TROLLEY_PARENT;
if (parent > 0) watchParent();

/** From now on `listener` hears of each signal, and nothing ends by itself. */
export function takeSignals(listener) {
  for (const name of signals) {
    process.removeAllListeners(name);
    process.on(name, () => listener(name));
  }
}

/**
 * Resolves once those signals were heard that had come before. Node 24 reads a program without a turn of the event loop,
 * and so without hearing any.
 */
export async function hearSignals() {
  // Signals are looked for between two of these.
  for (let turns = 0; turns < 2; turns++) await new Promise((resolve) => setImmediate(resolve));
}

function watchParent() {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGHUP');
  }, watchMs);
  timer.unref();
}

function endAtOnce(name, number) {
  process.stderr.write(`Ended by ${name}.\n`);
  signalChildren('SIGTERM');
  // What they write to goes with this process, so they go first. No line of the program runs meanwhile.
  const giveUpAt = performance.now() + childrenMs;
  while (children().length > 0 && performance.now() < giveUpAt) Atomics.wait(pause, 0, 0, 20);
  signalChildren('SIGKILL');
  process.exit(128 + number);
}

function signalChildren(name) {
  for (const child of children()) {
    try {
      process.kill(child, name);
    } catch {
      // It has ended meanwhile, or is another user's.
    }
  }
}

/** Linux answers from /proc, others by `ps`. */
function children() {
  try {
    if (process.platform === 'linux') return readdirSync('/proc').map(Number).filter(isChild);
    const { pid: ps, stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,state='], { encoding: 'utf8' });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    const own = lines.filter(
      ([pid, of, state]) => Number(of) === process.pid && Number(pid) !== ps && !state.startsWith('Z'),
    );
    return own.map(([pid]) => Number(pid));
  } catch {
    return [];
  }
}

/** One that has ended and was not waited for is none any more. */
function isChild(pid) {
  if (!(pid > 0)) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold blanks. Behind it: the state, and the parent.
    const [state, parentId] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(parentId) === process.pid && state !== 'Z';
  } catch {
    return false;
  }
}
