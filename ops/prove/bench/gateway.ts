import type { Command, Given } from '../../shop/process/run-command.ts';
import { tokenFor } from '../../../gateway/testing/test-gateway.ts';
import type { GatewayReport } from './gateway-host.ts';
import { variantNames, variants, type Variant, type VariantName } from './gateway/variants.ts';
import { closedLoop } from './load/loops.ts';
import { atMost, renderBars } from './measure/bar.ts';
import { startChild } from './measure/child.ts';
import { Figures } from './measure/figures.ts';
import { compareHelp, comparisonWith, jsonHelp, keepOutcome, outcomeOptions, readEarlier } from './measure/outcome.ts'; // prettier-ignore
import { roundsOption, sizeOf } from './measure/size.ts';
import { rotated } from './measure/statistics.ts';
import { figure, table } from './measure/table.ts';

const help = `npm run bench -- gateway [--rounds N] [--seconds S] [--json FILE] [--compare FILE]

Measures the processor time that each part of a gateway costs a request: GET cart, and an add to it. Gateways with and
without it stand in one process, over a shop that answers at once, and are loaded in turn: each round holds each part
against the gateway without it. So this is the most that a part can cost; behind it the shop itself does much more.
Ends with 1 when a part costs more than 3 %.

  --rounds N      default 40: short ones in turn, since a machine changes its pace
  --seconds S     of each load; default 0.25
${jsonHelp}${compareHelp}`;

const { json, compare } = outcomeOptions;
const options = {
  rounds: { ...roundsOption, default: '40' },
  seconds: { type: 'string', default: '0.25' },
  json,
  compare,
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- gateway …` */
export const gatewayBench: Command<typeof options> = { help, options, run: ({ values }) => measure(values) };

const clients = 16;
const line = { product_id: 1, quantity: 1 };
const requests = {
  'GET cart': { method: 'GET', path: '/api/v1/cart', status: 200 },
  add: { method: 'POST', path: '/api/v1/cart/items', status: 201, json: line },
} as const;
type RequestName = keyof typeof requests;
const requestNames = Object.keys(requests) as RequestName[];

async function measure(values: Values): Promise<number> {
  const [rounds, seconds] = [sizeOf('rounds', values.rounds), sizeOf('seconds', values.seconds)];
  const earlier = readEarlier(values.compare);
  const figures = new Figures();
  const host = await startChild<{ readonly do: 'report' }, GatewayReport>(
    new URL('gateway-host.ts', import.meta.url),
    {},
    // Compiled, the first of the gateways in one process was 4 % cheaper than others like it.
    { runs: 'as sources' },
  );
  const token = await tokenFor(1);
  let sent = 0;
  const micros = async () => (await host.tell({ do: 'report' })).processorMicros;

  async function load(name: VariantName, request: RequestName, into: Figures): Promise<void> {
    const variant: Variant = variants[name];
    const { method, path, status, ...body } = requests[request];
    const url = host.ready.urls[name] ?? '';
    const before = await micros();
    const { operations } = await closedLoop(
      { url, clients, durationMs: seconds * 1000 },
      async (connection) => {
        const headers = variant.headers.replace('#', String((sent += 1)));
        const answer = await connection.send(
          method,
          path,
          token,
          'json' in body ? body.json : undefined,
          headers,
        );
        if (answer.status !== status)
          throw new Error(`${name}: ${method} ${path} was answered ${answer.status}`);
      },
    );
    into.add(`${request}, ${name}: processor us`, ((await micros()) - before) / operations);
  }

  try {
    for (let round = -1; round < rounds; round++) {
      process.stderr.write(round < 0 ? 'warming up\n' : `round ${round + 1} of ${rounds}\n`);
      for (const request of requestNames)
        for (const name of rotated(variantNames, round + 1))
          await load(name, request, round < 0 ? new Figures() : figures);
    }
  } finally {
    await host.stop();
  }
  const costs = requestNames.flatMap((request) => variantNames.map((name) => costOf(figures, request, name)));
  const rows = costs.map(({ what, micros: each, share }) => [
    what,
    figure(each),
    Number.isNaN(share) ? '' : percent(share),
  ]);
  const bars = costs.flatMap(({ what, share, bar }) =>
    bar === undefined ? [] : [atMost(what, 100 * share, 100 * bar, '%')],
  );
  const parts = [
    table([['request', 'processor us', 'more'], ...rows], [1, 2]),
    renderBars(bars),
    comparisonWith(earlier, figures),
  ];
  process.stdout.write(`${parts.map((part) => part.join('\n')).join('\n\n')}\n`);
  await keepOutcome(values, { figures, facts: { rounds, seconds, bars } });
  return bars.every(({ ok }) => ok) ? 0 : 1;
}

function costOf(figures: Figures, request: RequestName, name: VariantName) {
  const { about, against, atMost: bar }: Variant = variants[name];
  const nameOf = (variant: string) => `${request}, ${variant}: processor us`;
  const share = about === undefined ? NaN : figures.ratio(nameOf(name), nameOf(against)) - 1;
  return { what: `${request}: ${about ?? 'without any'}`, micros: figures.median(nameOf(name)), share, bar };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
