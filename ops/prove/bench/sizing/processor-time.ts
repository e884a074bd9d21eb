import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second, whatever the kernel's own beat. */
const microsPerTick = 10_000;

/** Processor time that a process has used, its children counted in; microseconds. Linux only: elsewhere NaN. */
export function processorTime(pid: number): number {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const children = pids.map((each) => fieldsOf(each)).filter((fields) => fields[1] === String(pid));
    // Of itself, and of children that have ended.
    const own = sum(fieldsOf(String(pid)).slice(11, 15));
    return (own + sum(children.map((fields) => sum(fields.slice(11, 13))))) * microsPerTick;
  } catch {
    return NaN;
  }
}

/** From the third on; the second, the name in brackets, may hold spaces. */
function fieldsOf(pid: string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

const sum = (values: readonly (string | number)[]) =>
  values.reduce<number>((total, value) => total + Number(value), 0);
