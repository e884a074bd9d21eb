import { atLeast } from '../measure/bar.ts';
import type { Bench, Contender, Result, Scenario } from './bench.ts';
import { keyName, loadWithAsks } from './load.ts';
import { figureOf, measure, rateOf, type Trial } from './trials.ts';

const callers = 64;
const few = 1_000;
const many = 100_000;

/** Whether it gets slower when there are many actors. */
export const manyKeysScenario: Scenario = {
  name: 'keys',
  about: '100,000 keys against 1,000',
  async run(bench): Promise<Result> {
    const trolley = await bench.open('trolley');
    try {
      return await compare(bench, trolley);
    } finally {
      await trolley.close();
    }
  },
};

/** Every key once, then again: a draw would visit some keys often and others never. */
function walkOver(count: number): () => string {
  let i = 0;
  return () => keyName(i++ % count);
}

async function compare(bench: Bench, trolley: Contender): Promise<Result> {
  const count = bench.quick ? 5_000 : many;
  const durationMs = bench.quick ? 500 : 1_500;
  const walks = { few: walkOver(few), many: walkOver(count) };
  bench.say(`keys: waking ${count} actors`);
  const startedAt = performance.now();
  let woken = 0;
  const wake = async () => {
    while (woken < count) await trolley.variant.ask(keyName(woken++));
  };
  await Promise.all(Array.from({ length: callers }, wake));
  const wakingPerSecond = (count / (performance.now() - startedAt)) * 1000;

  const trials: Record<'few' | 'many', Trial[]> = { few: [], many: [] };
  for (let i = 0; i < bench.repetitions; i++) {
    for (const which of i % 2 === 0 ? (['few', 'many'] as const) : (['many', 'few'] as const)) {
      const load = { callers, durationMs, keyOf: walks[which] };
      trials[which].push(await measure(bench, trolley, () => loadWithAsks(trolley.variant, load)));
    }
  }
  return {
    bars: [atLeast('100,000 keys against 1,000', rateOf(trials.many) / rateOf(trials.few), 0.9)],
    figures: [
      figureOf('1,000 keys, all awake', trials.few),
      figureOf(`${count.toLocaleString('en')} keys, all awake`, trials.many),
      { name: `waking ${count.toLocaleString('en')} actors`, values: { 'per s': wakingPerSecond } },
    ],
  };
}
