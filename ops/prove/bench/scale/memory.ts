import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readEnvironment } from '../../../shop/environment.ts';
import { startRedis } from '../../../shop/servers/embedded-redis.ts';
import { Bench } from '../mailbox/bench.ts';
import { askEach, isOfActors } from '../mailbox/space.scenario.ts';
import { atMost, type Bar } from '../measure/bar.ts';
import type { Figures } from '../measure/figures.ts';
import { at } from './growth.ts';

/* What an actor takes in memory: while it is active, and when it has left. */

/** How many actors, the fewest first. */
export const actorCounts = [5_000, 50_000] as const;

/** Before anything is weighed: code is compiled, buffers are there. */
const warm = 1_000;
/** Of so little as is left behind, what the process needs for itself would hide it: that grows for as many as these. */
const longWarm = 100_000;
/** How many actors have left when what is left of them is weighed. */
const idleActors = 200_000;
const idleLabel = at('idle actor', idleActors);
/** Until who was asked leaves memory. */
const idleMs = 500;

interface MemoryRun {
  readonly folder: string;
  readonly figures: Figures;
  readonly say: (line: string) => void;
}

export async function measureMemory({ folder, figures, say }: MemoryRun): Promise<void> {
  const dataDir = join(folder, 'memory');
  mkdirSync(dataDir);
  const redis = await startRedis({ dataDir, searchPath: readEnvironment()['PATH'] ?? '' });
  const bench = new Bench({ redisUrl: redis.url, quick: false, say });
  try {
    for (const actors of actorCounts) {
      say(`weighing ${actors.toLocaleString('en')} actors`);
      figures.add(`${at('active actor', actors)}: heap KB`, await heapKilobytes(bench, actors));
    }
    say(`weighing what ${idleActors.toLocaleString('en')} actors leave behind`);
    const idle = await leftBehind(bench);
    figures.add(`${idleLabel}: heap B`, idle.bytes);
    figures.add(`${idleLabel}: Redis keys`, idle.keys);
  } finally {
    bench.redis.disconnect();
    await redis.stop();
  }
}

async function heapKilobytes(bench: Bench, actors: number): Promise<number> {
  const contender = await bench.open('trolley', { store: 'fresh' });
  const { variant, host } = contender;
  try {
    await askEach(variant, warm);
    const before = await host.tell({ do: 'collect' });
    await askEach(variant, actors, warm);
    const after = await host.tell({ do: 'collect' });
    return (after.heapBytes - before.heapBytes) / 1024 / (after.activations - before.activations);
  } finally {
    await contender.close();
  }
}

/** What is left of each that has been active once. */
async function leftBehind(bench: Bench): Promise<{ readonly bytes: number; readonly keys: number }> {
  const contender = await bench.open('trolley', { store: 'fresh', idleMs });
  const { variant, host } = contender;
  const heap = async () => {
    while ((await host.tell({ do: 'report' })).activations > 0) await delay(100);
    return (await host.tell({ do: 'collect' })).heapBytes;
  };
  try {
    await askEach(variant, longWarm);
    const before = await heap();
    await askEach(variant, longWarm + idleActors, longWarm);
    const bytes = ((await heap()) - before) / idleActors;
    return { bytes, keys: (await bench.redis.keys('*')).filter(isOfActors).length / idleActors };
  } finally {
    await contender.close();
  }
}

/** An actor that is not in memory is nowhere but in its store: of this much, the heap is not the same twice. */
export function idleBars(figures: Figures): Bar[] {
  if (!figures.names.includes(`${idleLabel}: heap B`)) return [];
  return [
    atMost(`${idleLabel}: heap of the node`, figures.median(`${idleLabel}: heap B`), 16, 'B'),
    atMost(`${idleLabel}: keys in Redis`, figures.median(`${idleLabel}: Redis keys`), 0, 'keys'),
  ];
}
