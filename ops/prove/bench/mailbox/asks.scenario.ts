import type { Redis } from 'ioredis';
import { atLeast, atMost } from '../measure/bar.ts';
import type { Bench, Contender, Result, Scenario } from './bench.ts';
import { median } from '../measure/statistics.ts';
import { keyDrawer, keyName, summarise, type AskLoad } from './load.ts';
import { figureOf, medianOf, rateOf, repeatAsks } from './trials.ts';
import { inOrder, input, messageName, unordered } from './variant.ts';

const callers = 64;
const keys = 1_000;
const pings = 1_000;

/** Asking and answering: many keys, one hot key, one caller. */
export const asksScenario: Scenario = {
  name: 'asks',
  about: 'ask and answer against plain BullMQ and the floor',
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
  const all = Object.values(contenders);
  const durationMs = bench.quick ? 500 : 1_200;
  const draw = keyDrawer(keys);
  const manyKeys: AskLoad = { callers, durationMs, keyOf: draw };
  const hotKey: AskLoad = { callers, durationMs, keyOf: () => keyName(0) };
  const oneCaller: AskLoad = { callers: 1, durationMs, keyOf: draw };

  bench.say('asks: warming up');
  for (const one of all) {
    for (let i = 0; i < keys; i += callers) {
      await Promise.all(Array.from({ length: callers }, (_, j) => one.variant.ask(keyName((i + j) % keys))));
    }
  }
  bench.say(`asks: ${callers} callers, ${keys} keys`);
  const many = await repeatAsks(bench, all, () => manyKeys);
  bench.say(`asks: ${callers} callers, one key`);
  const hot = await repeatAsks(bench, all, () => hotKey);
  bench.say('asks: one caller');
  const redis = bench.connect();
  // The first ones are slower.
  await pingTime(redis);
  const pingMs: number[] = [];
  const one = await repeatAsks(
    bench,
    [trolley, plain, floor],
    () => oneCaller,
    async () => {
      pingMs.push(await pingTime(redis));
    },
  );
  redis.disconnect();

  const roundTripMs = 2 * median(pingMs);
  return {
    bars: [
      atLeast(
        'asks, 1,000 keys, against plain BullMQ',
        rateOf(many.get(trolley)) / rateOf(many.get(plain)),
        3,
      ),
      atLeast(
        'asks, 1,000 keys, against the floor',
        rateOf(many.get(trolley)) / rateOf(many.get(floor)),
        0.35,
      ),
      atLeast('asks, one key, against plain BullMQ', rateOf(hot.get(trolley)) / rateOf(hot.get(plain)), 5),
      atMost(
        'one caller, p50 against a round trip',
        medianOf(one.get(trolley), (trial) => trial.p50Ms) / roundTripMs,
        8,
      ),
    ],
    figures: [
      figureOf('1,000 keys: trolley', many.get(trolley)),
      figureOf('1,000 keys: plain', many.get(plain)),
      figureOf('1,000 keys: plain, no order', many.get(unordered)),
      figureOf('1,000 keys: floor', many.get(floor)),
      figureOf('one key: trolley', hot.get(trolley)),
      figureOf('one key: plain', hot.get(plain)),
      figureOf('one key: plain, no order', hot.get(unordered)),
      figureOf('one key: floor', hot.get(floor)),
      figureOf('one caller: trolley', one.get(trolley)),
      figureOf('one caller: plain', one.get(plain)),
      figureOf('one caller: floor', one.get(floor)),
      { name: 'two PINGs of the same payload', values: { 'p50 ms': roundTripMs } },
    ],
  };
}

/** The median time of a PING that carries what a message does, over a connection like everybody's. */
async function pingTime(redis: Redis): Promise<number> {
  const payload = JSON.stringify({ name: messageName, input, id: 'r'.repeat(38), replyTo: 'i'.repeat(55) });
  const latencies: number[] = [];
  for (let i = 0; i < pings; i++) {
    const startedAt = performance.now();
    await redis.ping(payload);
    latencies.push(performance.now() - startedAt);
  }
  return summarise(latencies, 1).p50Ms;
}
