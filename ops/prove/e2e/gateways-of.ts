import { execFileSync } from 'node:child_process';

/** The processes that a process has started, Redis and PostgreSQL left out. */
export function gatewaysOf(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([, parent, program]) => Number(parent) === pid && program === 'trolley')
    .map(([id]) => Number(id));
}
