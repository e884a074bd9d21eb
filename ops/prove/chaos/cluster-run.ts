import { setTimeout as delay } from 'node:timers/promises';
import { createPostgresPool, type PostgresPool } from '@trolley/runtime/postgres';
import { startPostgres } from '../../shop/servers/embedded-postgres.ts';
import {
  keepTemporaryFolder,
  removeTemporaryFolder,
  temporaryFolder,
} from '../../shop/process/temporary-folder.ts';
import { ClusterClients } from './cluster-clients.ts';
import { copyName, keyName, messagesOf, type KeyProblem } from './cluster-messages.ts';
import { ClusterNodes } from './cluster-nodes.ts';
import type { ClusterScenarioOptions } from './cluster-options.ts';
import type { ClusterCheck, ClusterReport } from './cluster-report.ts';
import { FaultInjector } from './fault-injector.ts';
import { planFaults } from './fault-plan.ts';
import { auditLedger, type Finding } from './ledger-audit.ts';
import { createLedgerTables, readLedgers } from './ledger-table.ts';
import { RestartableRedis } from './restartable-redis.ts';
import type { ScenarioHost } from './scenario.ts';
import { createSeededRandom } from './seeded-random.ts';

const stopDeadlineMs = 20_000;
/** How long late copies of messages may keep their mailboxes after the last answer. */
const settleMs = 15_000;
/** What belongs to the cluster and not to an actor. */
const clusterKey =
  /:(own|epoch|bell)$|^chaos:(members|inbox:.*)$|^\{chaos:members\}:(types|format|steps|report:.*|contracts:.*)$/;

/** Runs the scenario once. Whatever happens, nothing that it started is left behind. */
export async function runCluster(
  options: ClusterScenarioOptions,
  host: ScenarioHost,
  say: (line: string) => void,
): Promise<ClusterReport> {
  const folder = temporaryFolder('chaos');
  if (options.keepFolder) keepTemporaryFolder(folder);
  const releasers: (() => unknown)[] = [
    () => (options.keepFolder ? say(`logs are in ${folder}`) : removeTemporaryFolder(folder)),
  ];
  const watchdog = AbortSignal.timeout(options.deadlineMs);
  const broken = new AbortController();
  const signal = AbortSignal.any([host.signal, watchdog, broken.signal]);
  const findings: Finding<ClusterCheck>[] = [];
  const find = (check: ClusterCheck, key: string, expected: string, found: string) =>
    findings.push({ check, key, expected, found });
  try {
    const { searchPath } = host;
    const redis = await RestartableRedis.start({ dataDir: folder, searchPath, durable: !options.flush });
    releasers.push(() => redis.stop());
    const postgresUrl = options.postgresUrl ?? (await ownPostgres(folder, releasers));
    const pool = createPostgresPool(postgresUrl, { max: 1, statementTimeoutMs: 60_000 });
    releasers.push(() => pool.end());
    await createLedgerTables(pool);

    const servers = { redisUrl: redis.url, postgresUrl, folder, searchPath };
    const nodes = new ClusterNodes(servers, options, ({ label, child }, how) => {
      find('processes', label, 'a node that goes on', `${how}\n${child.lastLines()}`);
    });
    releasers.push(() => nodes.stopAll(stopDeadlineMs));
    await Promise.all(Array.from({ length: options.nodes }, () => nodes.start()));

    const random = createSeededRandom(options.seed);
    const plan = planFaults(random, options.rounds, options.faults);
    // So slow that every fault finds messages under way, whatever the machine.
    const shortestMs = (plan.length + 1) * options.faultGapMs * 1.2;
    const ratePerSecond = Math.ceil((options.messages / options.clients / shortestMs) * 1_000);
    const clients = new ClusterClients(servers, options, ratePerSecond);
    releasers.push(() => clients.stop(stopDeadlineMs));
    const injector = new FaultInjector({
      ...options,
      ...{ nodes, clients, redis, random, signal, say },
      leastNodes: options.nodes,
      gapMs: options.faultGapMs,
    });

    const startedAt = performance.now();
    const progress = setInterval(() => {
      const { acknowledged, timeouts, repeated } = clients.tally;
      const atMs = performance.now() - startedAt;
      const frozen = nodes.all.filter((node) => node.frozen).length;
      say(
        `${(atMs / 1000).toFixed(0).padStart(4)} s  ${acknowledged} of ${options.messages} answered, ` +
          `${nodes.all.length} nodes${frozen > 0 ? ` (${frozen} frozen)` : ''}, ` +
          `${timeouts} timed out, ${repeated} repeated`,
      );
    }, 1_000);
    releasers.push(() => clearInterval(progress));
    const loaded = clients.run().then((problems) => ({ problems, loadMs: performance.now() - startedAt }));
    const faulted = injector.run(plan).catch((error: unknown) => {
      find('faults', 'the plan', 'faults that can be done', String(error));
      broken.abort();
    });
    const given = new Promise<undefined>((resolve) =>
      signal.addEventListener('abort', () => resolve(undefined), { once: true }),
    );
    const load = await Promise.race([loaded, given]);
    const underLoad = injector.injected.length;
    // Also when given up: what it has just begun to start must be there to be stopped.
    await faulted;
    clearInterval(progress);

    const problems = load?.problems ?? [];
    for (const { check, key, expected, found } of problems) find(check, key, expected, found);
    if (load === undefined) {
      const why = watchdog.aborted ? `nothing within ${options.deadlineMs} ms` : 'given up';
      find('stuck', 'the load', `${options.messages} answers`, `${clients.tally.acknowledged}, then ${why}`);
    } else if (underLoad < plan.length) {
      find('faults', 'the plan', `${plan.length} faults under load`, `${underLoad}`);
    }
    for (const problem of injector.problems) find('processes', 'a fault', 'what it is meant to do', problem);
    if (load !== undefined) {
      for (const key of await keysLeft(redis)) find('residue', key, 'nothing', 'a key in Redis');
      for (const how of await nodes.stopAll(stopDeadlineMs)) find('processes', 'the end', 'code 0', how);
      findings.push(...(await audit(pool, options, problems)));
    }
    const faults = injector.injected.map((fault) => {
      const takeover = clients.takeoverOf(fault.number);
      return takeover === undefined ? fault : { ...fault, takeover };
    });
    const loadMs = load?.loadMs ?? performance.now() - startedAt;
    return { options, findings, complete: load !== undefined, tally: clients.tally, loadMs, faults };
  } finally {
    for (const release of releasers.reverse()) await release();
  }
}

async function ownPostgres(dataDir: string, releasers: (() => unknown)[]): Promise<string> {
  // Nothing is done to it here, so it needs no flush to disk.
  const server = await startPostgres({ dataDir, durable: false });
  releasers.push(() => server.stop());
  return server.url;
}

/** What is left of actors when late copies of messages had time to be recognised. */
async function keysLeft(redis: RestartableRedis): Promise<string[]> {
  const givenUpAt = performance.now() + settleMs;
  for (;;) {
    const left = (await redis.keys()).filter((key) => !clusterKey.test(key));
    if (left.length === 0 || performance.now() > givenUpAt) return left;
    await delay(200);
  }
}

async function audit(
  pool: PostgresPool,
  { keys, messages }: ClusterScenarioOptions,
  problems: readonly KeyProblem[],
): Promise<Finding<ClusterCheck>[]> {
  const stored = new Map((await readLedgers(pool)).map((ledger) => [ledger.key, ledger]));
  const givenUp = new Map(problems.map(({ key, acknowledged }) => [key, acknowledged]));
  return Array.from({ length: keys }, (_, index) => {
    const key = keyName(index);
    const acknowledged = givenUp.get(key) ?? messagesOf(index, keys, messages);
    const copy = copyName(index);
    return [key, ...(copy === undefined ? [] : [copy])].flatMap((each) =>
      auditLedger(each, acknowledged, stored.get(each)),
    );
  }).flat();
}
