import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command, Given } from '../../shop/process/run-command.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { ShopProcess } from '../e2e/shop-process.ts';
import { Buyers } from './shop/buyers.ts';
import { HttpCaller } from './shop/http-caller.ts';
import { memoryOf, type Memory } from './shop/memory.ts';
import { measureStores } from './shop/references.ts';
import { render, withRatios, type ShopFigures } from './shop/report.ts';
import type { Timing } from './shop/timing.ts';

const help = `npm run bench -- shop [--json FILE] [--quick]

Starts a shop on a DATA_DIR of its own, as \`npm start\` does, with no payment delay and no rate limit, and
measures, one user at a time and 32 at once: add to cart, GET cart, checkout; beside them, as references, GET
/health on the same gateway and a PING and a commit on the same stores. Takes about 40 seconds.

  --quick       shorter, for development; its figures prove nothing
  --json FILE   writes {"firstStartMs", "startMs", "idleMiB", "afterLoadMiB", "timings": […]}
`;

const options = {
  json: { type: 'string' },
  quick: { type: 'boolean', default: false },
} as const;

type Values = Given<typeof options>['values'];

/** `npm run bench -- shop …` */
export const shopBench: Command<typeof options> = { help, options, run: ({ values }) => measure(values) };

async function measure(values: Values): Promise<number> {
  const dataDir = temporaryFolder('bench');
  try {
    const figures = await run(dataDir, values.quick ? 0.2 : 1);
    process.stdout.write(`${render(figures)}\n`);
    if (values.json !== undefined) {
      const json = { ...figures, timings: withRatios(figures.timings) };
      await writeFile(values.json, `${JSON.stringify(json, undefined, 2)}\n`);
    }
    return 0;
  } finally {
    removeTemporaryFolder(dataDir);
  }
}

async function run(dataDir: string, scale: number): Promise<ShopFigures> {
  const environment = { DATA_DIR: dataDir, SEED_STOCK: '1000000000', LOG_LEVEL: 'info' };
  const first = await timed(() => ShopProcess.start(environment));
  first.made.signal('SIGTERM');
  await first.made.ended;
  const { made: shop, tookMs: startMs } = await timed(() => ShopProcess.start(environment));
  try {
    // What the start left to be collected is not idle memory.
    await delay(5_000 * scale);
    const idleMiB = memory(shop);
    const timings = [...(await measureAll(shop, 1, scale)), ...(await measureAll(shop, 32, scale))];
    return { firstStartMs: first.tookMs, startMs, idleMiB, afterLoadMiB: memory(shop), timings };
  } finally {
    shop.signal('SIGTERM');
    await shop.ended;
  }
}

async function measureAll(shop: ShopProcess, callers: number, scale: number): Promise<Timing[]> {
  const { client, redisUrl, postgresUrl } = shop;
  const http = new HttpCaller(client.url);
  const buyers = new Buyers(http, shop.tokens);
  const durationMs = 2_500 * scale;
  try {
    // Warm code and connections first; not measured.
    await buyers.adds(callers, 1_000 * scale);
    await buyers.checkouts(callers, 1_000 * scale, callers * 10);
    return [
      await buyers.health(callers, durationMs),
      await buyers.carts(callers, durationMs),
      await buyers.adds(callers, durationMs),
      await buyers.checkouts(callers, durationMs, Math.round((callers === 1 ? 500 : 2_000) * scale)),
      ...(callers === 1 ? [await buyers.orders(Math.round(50 * scale))] : []),
      ...(await measureStores({ redisUrl, postgresUrl }, callers, 1_000 * scale)),
    ];
  } finally {
    http.close();
  }
}

function memory(shop: ShopProcess): Memory {
  const [redis = 0, postgres = 0] = shop.servers;
  return memoryOf(shop.pid, redis, postgres);
}

async function timed<T>(make: () => Promise<T>): Promise<{ made: T; tookMs: number }> {
  const startedAt = performance.now();
  return { made: await make(), tookMs: performance.now() - startedAt };
}
