import { join } from 'node:path';
import { createPostgresPool } from '@trolley/runtime/postgres';
import { openRedis } from '@trolley/runtime/adapters';
import { silentLogger, systemClock } from '@trolley/runtime';
import { readEnvironment } from '../../../shop/environment.ts';
import { runMigrations } from '../../../shop/migrations/run-migrations.ts';
import { startPostgres } from '../../../shop/servers/embedded-postgres.ts';
import { startRedis } from '../../../shop/servers/embedded-redis.ts';
import type { ConsoleOrder, ConsoleReport } from '../console-host.ts';
import { atMost, type Bar } from '../measure/bar.ts';
import { startChild } from '../measure/child.ts';
import type { Figures } from '../measure/figures.ts';
import { processorTimes } from '../measure/processes.ts';
import { addProcessorTimes, usedBetween } from '../measure/processor-figures.ts';
import { figure, table } from '../measure/table.ts';
import { ask } from './console-client.ts';
import type { TableRead } from './plans.ts';
import { seedTables, type Sizes } from './seed-tables.ts';
import { allViews } from './views.ts';

export interface PagesRun {
  readonly folder: string;
  readonly sizes: Sizes;
  readonly rounds: number;
  readonly figures: Figures;
  readonly say: (line: string) => void;
}

const pageMs = 200;
const boardMs = 50;
const boardKB = 100;
const mostRows = 10_000;
/** Compiled code, and statements that are planned. */
const warmRounds = 3;
const references = ['an empty route of the console', 'Redis PING', 'PostgreSQL SELECT 1'] as const;

/** A console of much, on servers of its own: how long each view of each page takes, and by which indexes. */
export async function measurePages(run: PagesRun): Promise<readonly TableRead[]> {
  const { folder, sizes, rounds, figures, say } = run;
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const searchPath = readEnvironment()['PATH'] ?? '';
    const postgres = await startPostgres({ dataDir: join(folder, 'console') });
    closing.push(() => postgres.stop());
    const redis = await startRedis({ dataDir: join(folder, 'console'), searchPath });
    closing.push(() => redis.stop());
    const servers = { postgresUrl: postgres.localUrl, redisUrl: redis.url };
    await runMigrations(servers.postgresUrl);
    say(`filling ${sizes.finished.toLocaleString('en')} finished checkouts, ${sizes.running} that run`);
    await seedTables(servers.postgresUrl, sizes, say);

    const host = await startChild<ConsoleOrder, ConsoleReport>(
      new URL('../console-host.ts', import.meta.url),
      servers,
    );
    closing.push(() => host.stop());
    say(`filling ${sizes.mailboxes} mailboxes`);
    await host.tell({ do: 'seed', mailboxes: sizes.mailboxes });
    const connection = await openRedis(redis.url, { clock: systemClock, logger: silentLogger });
    closing.push(async () => connection.disconnect());
    const pool = createPostgresPool(servers.postgresUrl, { max: 1 });
    closing.push(() => pool.end());

    const get = (path: string) => ask(host.ready, path);
    const views = await allViews(async (path) => parsed(await get(path)));
    const [emptyRoute, ping, select] = references;
    const looks: readonly (readonly [string, () => Promise<string[]>])[] = [
      [emptyRoute, async () => [await get('/api/session')]],
      [ping, async () => [await connection.ping()]],
      [select, async () => [String((await pool.query('SELECT 1')).rowCount)]],
      ...views.map(({ name, requests }) => [name, () => Promise.all(requests.map(get))] as const),
    ];
    const trees = [
      { name: 'console', pid: host.pid },
      { name: 'Redis', pid: redis.pid ?? 0 },
      { name: 'PostgreSQL', pid: postgres.pid ?? 0 },
    ];
    for (let round = -warmRounds; round < rounds; round++) {
      say(round < 0 ? 'warming up' : `round ${round + 1} of ${rounds}`);
      for (const [name, look] of looks) {
        const before = processorTimes(trees);
        const startedAt = performance.now();
        const answers = await look();
        const tookMs = performance.now() - startedAt;
        if (round < 0) continue;
        figures.add(`${name}: ms`, tookMs);
        figures.add(`${name}: KB`, answers.reduce((sum, { length }) => sum + length, 0) / 1_000);
        addProcessorTimes(figures, name, usedBetween(before, processorTimes(trees)));
      }
    }
    return (await host.tell({ do: 'explain' })).reads;
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** Pages of Bull Board and streams are no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const viewsIn = (figures: Figures) => figures.names.flatMap((name) => /^(.+): KB$/.exec(name)?.[1] ?? []);

export function renderPages(figures: Figures, reads: readonly TableRead[]): string[][] {
  const rows = viewsIn(figures).map((name) => [
    name,
    figure(figures.median(`${name}: ms`)),
    figure(Math.max(...figures.rounds(`${name}: ms`))),
    figure(figures.median(`${name}: KB`)),
    ...['console', 'Redis', 'PostgreSQL'].map((process) =>
      figure(meanOf(figures.rounds(`${name}: processor ms, ${process}`))),
    ),
  ]);
  const heads = ['view', 'median ms', 'most ms', 'KB', 'processor ms: console', 'Redis', 'PostgreSQL'];
  return [
    table([heads, ...rows], [1, 2, 3, 4, 5, 6]),
    table([
      ['table', 'read by', 'rows', 'for'],
      ...reads.map(({ table: name, index = 'NO INDEX', rows: read, statement }) => [
        ...[name, index, String(read), statement],
      ]),
    ]),
  ];
}

/** Linux counts it in steps of 10 ms. */
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Which view is the slowest, and what the poll of the board takes. */
export function pageBars(figures: Figures, reads: readonly TableRead[]): Bar[] {
  const names = viewsIn(figures).filter((name) => !references.some((reference) => reference === name));
  const ms = (name: string) => figures.median(`${name}: ms`);
  const slowest = names.toSorted((one, other) => ms(other) - ms(one))[0];
  if (slowest === undefined) return [];
  const unread = reads.filter(({ index }) => index === undefined).length;
  return [
    atMost(`the slowest view (${slowest})`, ms(slowest), pageMs, 'ms'),
    atMost('poll of Bull Board', ms('board'), boardMs, 'ms'),
    atMost('its size', figures.median('board: KB'), boardKB, 'KB'),
    atMost('large tables that are read without an index', unread, 0, ''),
    atMost('rows of them that one statement reads', Math.max(...reads.map(({ rows }) => rows)), mostRows, ''),
  ];
}
