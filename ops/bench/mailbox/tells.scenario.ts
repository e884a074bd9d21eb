import { atLeast, rotated, type Bench, type Contender, type Result, type Scenario } from './bench.ts';
import { keyName, tellAll, type LoadResult } from './load.ts';
import { figureOf, measure, rateOf, type Trial } from './trials.ts';

const messagesPerKey = 10;
const atOnce = 256;

/** Telling, end to end: from the first message sent until the last is handled. */
export const tellsScenario: Scenario = {
  name: 'tells',
  about: 'tell, 10,000 keys × 10 messages, against plain BullMQ',
  async run(bench): Promise<Result> {
    const contenders = await Promise.all([bench.open('trolley'), bench.open('plain'), bench.open('floor')]);
    try {
      return await compare(bench, contenders);
    } finally {
      await Promise.all(contenders.map((one) => one.close()));
    }
  },
};

async function compare(bench: Bench, contenders: Contender[]): Promise<Result> {
  const names = Array.from({ length: bench.quick ? 500 : 10_000 }, (_, i) => keyName(i));
  // Round after round, not key by key: a burst to one key would flatter whoever takes several at once.
  const messages = Array.from({ length: messagesPerKey }, () => names).flat();
  const trials = new Map<Contender, Trial[]>(contenders.map((one) => [one, []]));
  for (let i = 0; i < bench.repetitions; i++) {
    for (const one of rotated(contenders, i)) {
      const trial = await measure(bench, one, () => endToEnd(one, messages));
      bench.say(`tells: ${one.name} ${i + 1} of ${bench.repetitions}: ${trial.perSecond.toFixed(0)}/s`);
      trials.get(one)?.push(trial);
    }
  }
  const [trolley, plain, floor] = contenders.map((one) => trials.get(one));
  return {
    bars: [atLeast('tell, end to end, against plain BullMQ', rateOf(trolley) / rateOf(plain), 1)],
    figures: [
      figureOf('tell: trolley', trolley),
      figureOf('tell: plain', plain),
      figureOf('tell: floor', floor),
    ],
  };
}

async function endToEnd({ variant, host }: Contender, messages: string[]): Promise<LoadResult> {
  const { handled } = await host.tell({ do: 'report' });
  const startedAt = performance.now();
  await tellAll(variant, messages, atOnce);
  await host.tell({ do: 'await', handled: handled + messages.length });
  const tookMs = performance.now() - startedAt;
  return { messages: messages.length, perSecond: (messages.length / tookMs) * 1000, p50Ms: NaN, p99Ms: NaN };
}
