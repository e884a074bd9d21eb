import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../e2e/eventually.ts';
import { portOf } from '../../e2e/shop-environment.ts';
import type { PollerOrder } from '../console-poller.ts';
import { atLeast, atMost, type Bar } from '../measure/bar.ts';
import { startChild } from '../measure/child.ts';
import { Figures } from '../measure/figures.ts';
import { processorTimes } from '../measure/processes.ts';
import { addProcessorTimes, usedBetween } from '../measure/processor-figures.ts';
import { errorOfMedian } from '../measure/statistics.ts';
import { figure, table } from '../measure/table.ts';
import { measureLoad } from '../shop/measure-load.ts';
import { MeasuredShop, products } from '../shop/measured-shop.ts';
import { startGenerator } from '../shop/open-run.ts';
import type { ConsoleAccess } from './console-client.ts';
import type { TabsReport } from './open-tabs.ts';

export interface CostRun {
  readonly folder: string;
  readonly rounds: number;
  /** Of each load. */
  readonly seconds: number;
  readonly figures: Figures;
  readonly say: (line: string) => void;
}

const [unseen, seen] = ['nobody looks', 'a tab on each page'] as const;
const atRest = 'a second at rest';
const warmRounds = 2;
/** Until the first look of each stream is over, which goes further back. */
const settleMs = 1_500;
/** Each poll comes twice, but for the rarest. */
const restMs = 10_000;
/** What looking may take. */
const mostPercent = 2;

/** The same load on one shop by turns, with a tab open on each page of its console and without. */
export async function measureCost(run: CostRun): Promise<void> {
  const { folder, rounds, seconds, figures, say } = run;
  const closing: (() => Promise<unknown>)[] = [];
  try {
    // Whatever else the machine does meanwhile, nothing is to be refused.
    const shop = await MeasuredShop.start(folder, { SHED_ABOVE_MS: '0' });
    closing.push(() => shop.stop());
    const { client, tokens } = shop.process;
    const settings = { shopUrl: client.url, emptyUrl: client.url, tokens, products };
    const generator = await startGenerator(settings);
    closing.push(() => generator.stop());
    const poller = await startChild<PollerOrder, TabsReport>(
      new URL('../console-poller.ts', import.meta.url),
      await accessTo(shop),
    );
    closing.push(() => poller.stop());

    async function load(label: string, into: Figures): Promise<void> {
      const around = { figures: into, generator, trees: shop.trees, seconds };
      if (label === unseen) return measureLoad(around, 'checkouts', { label });
      await poller.tell({ do: 'open' });
      await delay(settleMs);
      await measureLoad(around, 'checkouts', { label });
      const { polls, slowestMs } = await poller.tell({ do: 'close' });
      into.add('polls: per s', polls / (seconds + settleMs / 1_000));
      into.add('polls: slowest ms', slowestMs);
    }
    say('warming up');
    for (let round = 0; round < warmRounds; round++)
      for (const label of [unseen, seen]) await load(label, new Figures());
    for (let round = 0; round < rounds; round++) {
      say(`pair ${round + 1} of ${rounds}`);
      // In turn, so that neither always comes after the other.
      for (const label of round % 2 === 0 ? [unseen, seen] : [seen, unseen]) await load(label, figures);
    }
    say('at rest');
    for (const label of [unseen, seen]) {
      if (label === seen) await poller.tell({ do: 'open' });
      await delay(settleMs);
      const before = processorTimes(shop.trees);
      await delay(restMs);
      const used = usedBetween(before, processorTimes(shop.trees));
      addProcessorTimes(figures, `${label}, ${atRest}`, used, restMs / 1_000);
    }
    await poller.tell({ do: 'close' });
    await shop.audit((await generator.tell({ do: 'audit' })).operations);
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** With the account that it has made up. */
async function accessTo(shop: MeasuredShop): Promise<ConsoleAccess> {
  const password = await eventually(
    () => /user operator, password (\S+)/.exec(shop.process.lines.join('\n'))?.[1],
    'the account of the console',
  );
  return {
    url: `http://127.0.0.1:${portOf(shop.process.lines, 'console')}`,
    authorization: `Basic ${Buffer.from(`operator:${password}`).toString('base64')}`,
  };
}

const kinds = { 'checkouts a second': 'per s', 'processor ms of a checkout': 'processor ms' } as const;
const nameOf = (label: string, kind: string) => `${label}: ${kind}`;

/** By how much each pair differs, in per cent. */
function changes(figures: Figures, kind: string): number[] {
  const before = figures.rounds(nameOf(unseen, kind));
  return figures.rounds(nameOf(seen, kind)).map((value, round) => (value / (before[round] ?? NaN) - 1) * 100);
}

export function renderCost(figures: Figures): string[] {
  const rows = Object.entries(kinds).map(([name, kind]) => [
    name,
    figure(figures.median(nameOf(unseen, kind))),
    figure(figures.median(nameOf(seen, kind))),
    `${figure((figures.ratio(nameOf(seen, kind), nameOf(unseen, kind)) - 1) * 100)} %`,
    `± ${figure(errorOfMedian(changes(figures, kind)))} %`,
  ]);
  const resting = (label: string) => figures.median(nameOf(`${label}, ${atRest}`, 'processor ms'));
  const more = resting(seen) - resting(unseen);
  const whole = figures.median(nameOf(unseen, 'per s')) * figures.median(nameOf(unseen, 'processor ms'));
  return [
    ...table([['', unseen, seen, 'median of the pairs', 'give or take'], ...rows], [1, 2, 3, 4]),
    `${figure(figures.median('polls: per s'))} polls a second, the slowest took ${figure(Math.max(...figures.rounds('polls: slowest ms')))} ms under this load`,
    `at rest the tabs take ${figure(more)} ms of processor a second, which is ${figure((more / whole) * 100)} % of what the load takes`,
  ];
}

export function costBars(figures: Figures): Bar[] {
  const ratio = (kind: string) => figures.ratio(nameOf(seen, kind), nameOf(unseen, kind));
  return [
    atLeast('checkouts a second with a tab on each page ÷ without', ratio('per s'), 1 - mostPercent / 100),
    atMost('processor time of a checkout, the same', ratio('processor ms'), 1 + mostPercent / 100),
  ];
}
