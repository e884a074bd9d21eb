import { readdirSync, readFileSync } from 'node:fs';
import { sum } from './statistics.ts';

/* What processes use, as Linux tells it; elsewhere NaN. */

/** A process with all that it has started. */
export interface ProcessTree {
  readonly name: string;
  readonly pid: number;
}

interface ProcessFacts {
  readonly pid: number;
  readonly parent: number;
  /** What it calls itself. */
  readonly title: string;
  /** Of itself and of children that have ended. */
  readonly processorMicros: number;
}

/** Linux counts in hundredths of a second, whatever the kernel's own beat. */
const microsPerTick = 10_000;
/** What node calls itself where nobody has given it a name. */
const unnamed = /^node|MainThread$/;

/** Processor time used so far, in microseconds, by name; a process with a title of its own is told apart from its tree. */
export function processorTimes(trees: readonly ProcessTree[]): Map<string, number> {
  const times = new Map<string, number>(trees.map(({ name }) => [name, isLinux ? 0 : NaN]));
  for (const [name, { processorMicros }] of named(trees)) {
    times.set(name, (times.get(name) ?? 0) + processorMicros);
  }
  return times;
}

/** Processor time of one tree. */
export function processorTime(pid: number): number {
  return sum([...processorTimes([{ name: 'all', pid }]).values()]);
}

/** Processor time that this machine has spent on anything, in microseconds, what its host took from it included. */
export function machineTime(): number {
  if (!isLinux) return NaN;
  const [, ...fields] = /^cpu .*/.exec(readFileSync('/proc/stat', 'utf8'))?.[0].split(/ +/) ?? [];
  const [user = NaN, nice = NaN, system = NaN, , , irq = NaN, softirq = NaN, steal = NaN] =
    fields.map(Number);
  return sum([user, nice, system, irq, softirq, steal]) * microsPerTick;
}

/** Memory by name, in MiB; what processes share is counted once. */
export function memories(trees: readonly ProcessTree[]): Map<string, number> {
  const sizes = new Map<string, number>(trees.map(({ name }) => [name, isLinux ? 0 : NaN]));
  for (const [name, { pid }] of named(trees)) sizes.set(name, (sizes.get(name) ?? 0) + proportionalMiB(pid));
  return sizes;
}

const isLinux = process.platform === 'linux';

/** Each process of the trees, with its name. */
function named(trees: readonly ProcessTree[]): [string, ProcessFacts][] {
  const all = new Map(readAll().map((facts) => [facts.pid, facts]));
  const names = new Map(trees.map(({ name, pid }) => [pid, name]));
  const rootOf = (facts: ProcessFacts | undefined): ProcessFacts | undefined =>
    facts === undefined || names.has(facts.pid) ? facts : rootOf(all.get(facts.parent));
  return [...all.values()].flatMap((facts) => {
    const root = rootOf(facts);
    if (root === undefined) return [];
    const name = names.get(root.pid) ?? '';
    const isLikeRoot = facts.title === root.title || unnamed.test(facts.title);
    return [[isLikeRoot ? name : `${name}: ${facts.title}`, facts]];
  });
}

function readAll(): ProcessFacts[] {
  if (!isLinux) return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => readFacts(Number(pid)) ?? []);
}

function readFacts(pid: number): ProcessFacts | undefined {
  const stat = readOf(pid, 'stat');
  if (stat === undefined) return undefined;
  // The second field, the name in brackets, may hold spaces and brackets.
  const [opening, closing] = [stat.indexOf('('), stat.lastIndexOf(')')];
  const fields = stat.slice(closing + 2).split(' ');
  return {
    pid,
    parent: Number(fields[1]),
    title: stat.slice(opening + 1, closing),
    processorMicros: sum(fields.slice(11, 15).map(Number)) * microsPerTick,
  };
}

function proportionalMiB(pid: number): number {
  const kibibytes = /^Pss:\s+(\d+) kB/m.exec(readOf(pid, 'smaps_rollup') ?? '')?.[1];
  return kibibytes === undefined ? 0 : Number(kibibytes) / 1024;
}

/** Undefined: it has ended meanwhile. */
function readOf(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
