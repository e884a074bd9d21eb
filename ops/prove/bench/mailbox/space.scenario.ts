import { setTimeout as delay } from 'node:timers/promises';
import { atMost } from '../measure/bar.ts';
import type { Bench, Result, Scenario } from './bench.ts';
import { stateBytes } from './bench-actor.ts';
import { median } from '../measure/statistics.ts';
import { keyName, tellAll } from './load.ts';
import type { Variant, VariantName } from './variant.ts';

const callers = 64;
/** Keys of the cluster itself, of which there is a fixed number however many actors there are. */
const fixtures = /:(own|epoch|bell|members|types|format|steps)$|:(inbox|report|contracts):/;

/** Whether a key in Redis is there because of an actor. */
export const isOfActors = (key: string): boolean => !fixtures.test(key);

/** What actors and messages cost Redis and the node in memory. */
export const spaceScenario: Scenario = {
  name: 'space',
  about: 'bytes per idle actor, per queued message, per active actor',
  async run(bench): Promise<Result> {
    const idle = await idleActors(bench);
    const queued = await queuedMessages(bench);
    const active = await activeActors(bench);
    return {
      bars: [...idle.bars, ...queued.bars, ...active.bars],
      figures: [...idle.figures, ...queued.figures, ...active.figures],
    };
  },
};

async function idleActors(bench: Bench): Promise<Result> {
  const actors = bench.quick ? 500 : 5_000;
  bench.say(`space: ${actors} actors that fall idle`);
  await bench.redis.flushall();
  const trolley = await bench.open('trolley', { idleMs: 500 });
  try {
    await askEach(trolley.variant, actors);
    while ((await trolley.host.tell({ do: 'report' })).activations > 0) await delay(100);
    const keys = await bench.redis.keys('*');
    const left = keys.filter(isOfActors);
    return {
      bars: [
        atMost('Redis keys per idle actor', left.length / actors, 0, 'keys'),
        atMost('Redis bytes per idle actor', (await bytesOf(bench, left)) / actors, 0, 'B'),
      ],
      figures: [
        {
          name: 'the cluster itself, whatever the number of actors',
          values: {
            keys: keys.length - left.length,
            'Redis KB': (await bytesOf(bench, keys)) / 1024,
          },
        },
      ],
    };
  } finally {
    await trolley.close();
  }
}

async function bytesOf(bench: Bench, keys: string[]): Promise<number> {
  const bytes = await Promise.all(keys.map((key) => bench.redis.memory('USAGE', key)));
  return bytes.reduce<number>((sum, one) => sum + (one ?? 0), 0);
}

/** Asks as many actors, each once. */
export async function askEach(variant: Variant, count: number, from = 0): Promise<void> {
  let next = from;
  const call = async () => {
    while (next < from + count) await variant.ask(keyName(next++));
  };
  await Promise.all(Array.from({ length: callers }, call));
}

async function queuedMessages(bench: Bench): Promise<Result> {
  const bytes: Record<'trolley' | 'plain', number[]> = { trolley: [], plain: [] };
  const keys = Array.from({ length: bench.quick ? 500 : 1_000 }, (_, i) => keyName(i));
  const messages = Array.from({ length: 10 }, () => keys).flat();
  bench.say(`space: ${messages.length} messages queued, ${keys.length} keys`);
  for (let i = 0; i < bench.repetitions; i++) {
    for (const name of ['trolley', 'plain'] as const) bytes[name].push(await weigh(bench, name, messages));
  }
  const [trolley, plain] = [median(bytes.trolley), median(bytes.plain)];
  return {
    bars: [atMost('bytes per queued message against a plain job', trolley / plain, 1.15)],
    figures: [
      { name: 'queued message: trolley', values: { bytes: trolley } },
      { name: 'queued message: plain', values: { bytes: plain } },
    ],
  };
}

async function weigh(bench: Bench, name: VariantName, messages: string[]): Promise<number> {
  await bench.redis.flushall();
  // Nobody takes them.
  const variant = bench.openVariant(name, bench.namespace(name));
  // The scripts and the client's buffers are there before the first reading.
  await tellAll(variant, messages.slice(0, 64), callers);
  await bench.redis.flushdb();
  const before = await dataBytes(bench);
  await tellAll(variant, messages, callers);
  const after = await dataBytes(bench);
  await variant.close();
  await bench.redis.flushall();
  return (after - before) / messages.length;
}

/** What Redis holds without the buffers of its clients and of its log. */
async function dataBytes({ redis }: Bench): Promise<number> {
  const info = await redis.info('memory');
  const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return read('used_memory') - read('mem_clients_normal') - read('mem_aof_buffer');
}

async function activeActors(bench: Bench): Promise<Result> {
  const actors = bench.quick ? 4_000 : 20_000;
  bench.say(`space: ${actors} active actors with a state of ${stateBytes} B`);
  const trolley = await bench.open('trolley', { store: 'fresh' });
  try {
    await askEach(trolley.variant, 1_000);
    const before = await trolley.host.tell({ do: 'collect' });
    await askEach(trolley.variant, actors, 1_000);
    const after = await trolley.host.tell({ do: 'collect' });
    const kilobytes = (after.heapBytes - before.heapBytes) / 1024 / (after.activations - before.activations);
    return {
      bars: [atMost('node memory per active actor', kilobytes, 6, 'KB')],
      figures: [],
    };
  } finally {
    await trolley.close();
  }
}
