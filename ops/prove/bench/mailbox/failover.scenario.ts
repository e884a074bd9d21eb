import { setTimeout as delay } from 'node:timers/promises';
import { atMost } from '../measure/bar.ts';
import type { Bench, Result, Scenario } from './bench.ts';
import type { HostProcess } from './host-process.ts';
import { median } from '../measure/statistics.ts';
import { keyName } from './load.ts';
import type { Variant } from './variant.ts';

const leaseMs = 3_000;
const keys = 128;
/** The cluster is calm again: every node has its share. */
const settleMs = 1_500;
const givenUpMs = 20_000;

interface Asked {
  readonly startedAt: number;
  readonly tookMs: number;
  readonly failed: boolean;
}

/** What callers notice when a node dies, and when one leaves. */
export const failoverScenario: Scenario = {
  name: 'failover',
  about: 'takeover after kill -9, hand-over on SIGTERM',
  async run(bench): Promise<Result> {
    const namespace = bench.namespace('trolley');
    const start = () => bench.startHost('trolley', namespace, { leaseMs });
    const hosts = await Promise.all([start(), start(), start()]);
    const traffic = openTraffic(bench.openVariant('trolley', namespace));
    try {
      return await disturb(bench, hosts, start, traffic);
    } finally {
      await traffic.close();
      await Promise.all(hosts.map((host) => host.stop()));
    }
  },
};

async function disturb(
  bench: Bench,
  hosts: HostProcess[],
  start: () => Promise<HostProcess>,
  traffic: ReturnType<typeof openTraffic>,
): Promise<Result> {
  const takeovers: number[] = [];
  const slowest: number[] = [];
  let failed = 0;
  const repetitions = bench.quick ? 1 : bench.repetitions;
  for (let i = 0; i < repetitions; i++) {
    await delay(settleMs);
    const killedAt = performance.now();
    await hosts.shift()?.signal('SIGKILL');
    takeovers.push((await traffic.allAnsweredSince(performance.now())) - killedAt);
    hosts.push(await start());
    await delay(settleMs);

    const leftAt = performance.now();
    await hosts.shift()?.signal('SIGTERM');
    await traffic.allAnsweredSince(performance.now());
    const meanwhile = traffic.askedSince(leftAt);
    slowest.push(Math.max(...meanwhile.map(({ tookMs }) => tookMs)));
    failed += meanwhile.filter((one) => one.failed).length;
    hosts.push(await start());
    bench.say(
      `failover: ${i + 1} of ${repetitions}: takeover ${takeovers.at(-1)?.toFixed(0)} ms, ` +
        `slowest ask of a hand-over ${slowest.at(-1)?.toFixed(0)} ms`,
    );
  }
  return {
    // Promises, not averages: the worst one counts.
    bars: [
      atMost('takeover after kill -9', Math.max(...takeovers) / 1000, leaseMs / 1000 + 1, 's'),
      atMost('slowest ask of a hand-over', Math.max(...slowest) / 1000, 1, 's'),
      atMost('asks failed by a hand-over', failed, 0, 'asks'),
    ],
    figures: [
      { name: 'takeover', values: { 'median ms': median(takeovers), 'worst ms': Math.max(...takeovers) } },
      { name: 'hand-over', values: { 'median ms': median(slowest), 'worst ms': Math.max(...slowest) } },
    ],
  };
}

/** Each key asked again and again, one ask at a time. */
function openTraffic(variant: Variant) {
  let closing = false;
  let asked: Asked[] = [];
  /** For each key, when the last answered ask was begun. */
  const answeredAsks = new Array<number>(keys).fill(-Infinity);
  const calls = answeredAsks.map(async (_, i) => {
    while (!closing) {
      const startedAt = performance.now();
      const failed = await variant.ask(keyName(i)).then(
        () => false,
        () => true,
      );
      if (!failed) answeredAsks[i] = startedAt;
      asked.push({ startedAt, tookMs: performance.now() - startedAt, failed });
      await delay(10);
    }
  });
  return {
    /** When every key has answered an ask begun after `since`. */
    async allAnsweredSince(since: number): Promise<number> {
      const giveUpAt = performance.now() + givenUpMs;
      while (answeredAsks.some((startedAt) => startedAt < since)) {
        if (performance.now() > giveUpAt) return Infinity;
        await delay(5);
      }
      return performance.now();
    },
    /** The asks that were under way after `since`. */
    askedSince(since: number): Asked[] {
      asked = asked.filter(({ startedAt, tookMs }) => startedAt + tookMs >= since);
      return asked;
    },
    async close() {
      closing = true;
      await Promise.all(calls);
      await variant.close();
    },
  };
}
