import type { Redis } from 'ioredis';
import type { HostProcess } from './host-process.ts';

/** Processor time used up to a moment, in microseconds. */
export interface Usage {
  readonly client: number;
  readonly host: number;
  readonly redis: number;
}

export async function readUsage(redis: Redis, host: HostProcess): Promise<Usage> {
  const [info, report] = await Promise.all([redis.info('cpu'), host.tell({ do: 'report' })]);
  const { user, system } = process.cpuUsage();
  return { client: user + system, host: report.cpuMicros, redis: redisMicros(info) };
}

/** What was used between two moments, for each of `messages`. */
export function usagePerMessage(before: Usage, after: Usage, messages: number): Usage {
  const each = (part: keyof Usage) => (after[part] - before[part]) / Math.max(1, messages);
  return { client: each('client'), host: each('host'), redis: each('redis') };
}

function redisMicros(info: string): number {
  const seconds = ['used_cpu_user_main_thread', 'used_cpu_sys_main_thread'].map((name) =>
    Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0),
  );
  return seconds.reduce((sum, one) => sum + one, 0) * 1e6;
}
