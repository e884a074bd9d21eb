import { readdirSync, readFileSync } from 'node:fs';

/** In MiB; undefined where the system does not tell. */
export interface Memory {
  /** The one process of the shop. */
  readonly shop: number | undefined;
  readonly redis: number | undefined;
  /** All processes of PostgreSQL, what they share counted once. */
  readonly postgres: number | undefined;
}

export function memoryOf(shop: number, redis: number, postgres: number): Memory {
  // A child that has ended meanwhile holds nothing.
  const children = childrenOf(postgres).map((pid) => proportional(pid) ?? 0);
  const postmaster = proportional(postgres);
  return {
    shop: mebibytes(kibibytes(`/proc/${shop}/status`, 'VmRSS')),
    redis: mebibytes(kibibytes(`/proc/${redis}/status`, 'VmRSS')),
    postgres: mebibytes(postmaster === undefined ? undefined : sum([postmaster, ...children])),
  };
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
const proportional = (pid: number) => kibibytes(`/proc/${pid}/smaps_rollup`, 'Pss');
const mebibytes = (kib: number | undefined) => (kib === undefined ? undefined : Math.round(kib / 102.4) / 10);

function kibibytes(file: string, field: string): number | undefined {
  try {
    const found = new RegExp(`^${field}:\\s+([0-9]+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

function childrenOf(parent: number): number[] {
  try {
    const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
    return pids.filter((pid) => parentOf(pid) === parent).map(Number);
  } catch {
    return [];
  }
}

/** The fourth field; the second, the name in brackets, may hold spaces. */
function parentOf(pid: string): number | undefined {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    return Number(fields.split(' ')[1]);
  } catch {
    return undefined;
  }
}
