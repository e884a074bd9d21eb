import { startChild, type Child } from '../measure/child.ts';
import type { HostSettings } from './variant.ts';

export type HostOrder =
  | { readonly do: 'report' }
  /** Collects garbage first. */
  | { readonly do: 'collect' }
  /** Reports once so many messages have been handled since the start. */
  | { readonly do: 'await'; readonly handled: number };

export interface HostReport {
  /** Messages since the start. */
  readonly handled: number;
  readonly cpuMicros: number;
  readonly heapBytes: number;
  readonly activations: number;
}

/** A process that hosts a variant. */
export type HostProcess = Child<HostOrder, HostReport>;

const program = new URL('../mailbox-host.ts', import.meta.url);

/** Starts a host and waits until it is ready. */
export function startHost(settings: HostSettings, nodeOptions: string[] = []): Promise<HostProcess> {
  return startChild(program, settings, { nodeOptions: ['--expose-gc', ...nodeOptions] });
}
