import { atLeast } from '../measure/bar.ts';
import { rotated } from '../measure/statistics.ts';
import type { Bench, Contender, Result, Scenario } from './bench.ts';
import { keyName, tellAll, type LoadResult } from './load.ts';
import { figureOf, measure, rateOf, type Trial } from './trials.ts';
import { inOrder, unordered } from './variant.ts';

const keys = 10_000;
/** A part of the keys in each repetition, all of them in the whole run. */
const slices = 5;
const messagesPerKey = 10;
const atOnce = 256;

/** Telling, end to end: from the first message sent until the last is handled. */
export const tellsScenario: Scenario = {
  name: 'tells',
  about: 'tell, 10,000 keys × 10 messages, against plain BullMQ',
  async run(bench): Promise<Result> {
    const contenders = {
      trolley: await bench.open('trolley'),
      plain: await bench.open('plain', inOrder),
      unordered: await bench.open('plain', unordered),
      floor: await bench.open('floor'),
    };
    try {
      return await compare(bench, contenders);
    } finally {
      await Promise.all(Object.values(contenders).map((one) => one.close()));
    }
  },
};

async function compare(
  bench: Bench,
  contenders: Readonly<Record<'trolley' | 'plain' | 'unordered' | 'floor', Contender>>,
): Promise<Result> {
  const { trolley, plain, unordered, floor } = contenders;
  const trials = new Map<Contender, Trial[]>();
  const run = async (one: Contender, slice = 0) => {
    const trial = await measure(bench, one, () => endToEnd(one, messagesOf(slice, bench)));
    trials.set(one, [...(trials.get(one) ?? []), trial]);
  };
  for (let i = 0; i < bench.repetitions; i++) {
    bench.say(`tells: ${i + 1} of ${bench.repetitions}`);
    for (const one of rotated([trolley, plain], i)) await run(one, i);
  }
  // No bar rests on these.
  for (const one of [unordered, floor]) await run(one);
  return {
    bars: [
      atLeast(
        'tell, end to end, against plain BullMQ',
        rateOf(trials.get(trolley)) / rateOf(trials.get(plain)),
        1,
      ),
    ],
    figures: [
      figureOf('tell: trolley', trials.get(trolley)),
      figureOf('tell: plain', trials.get(plain)),
      figureOf('tell: plain, no order (once)', trials.get(unordered)),
      figureOf('tell: floor (once)', trials.get(floor)),
    ],
  };
}

/** The messages of one repetition: to keys that no other repetition uses. */
function messagesOf(slice: number, bench: Bench): string[] {
  const count = (bench.quick ? 2_500 : keys) / slices;
  const names = Array.from({ length: count }, (_, i) => keyName(slice * count + i));
  // Round after round, not key by key: a burst to one key would flatter whoever takes several at once.
  return Array.from({ length: messagesPerKey }, () => names).flat();
}

async function endToEnd({ variant, host }: Contender, messages: string[]): Promise<LoadResult> {
  const { handled } = await host.tell({ do: 'report' });
  const startedAt = performance.now();
  await tellAll(variant, messages, atOnce);
  await host.tell({ do: 'await', handled: handled + messages.length });
  const tookMs = performance.now() - startedAt;
  return { messages: messages.length, perSecond: (messages.length / tookMs) * 1000, p50Ms: NaN, p99Ms: NaN };
}
