import { execFileSync } from 'node:child_process';
import { portOf } from './shop-environment.ts';

/** The processes that a process has started, Redis and PostgreSQL left out. */
export function gatewaysOf(pid: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([, parent, program]) => Number(parent) === pid && program === 'trolley')
    .map(([id]) => Number(id));
}

/** Whether all gateways of a shop listen, as its first process sees it on its HEALTH_PORT. */
export async function isWhole({ lines }: { readonly lines: readonly string[] }): Promise<boolean> {
  const { status } = await fetch(`http://127.0.0.1:${portOf(lines, 'health')}/health/ready`);
  return status === 200;
}
