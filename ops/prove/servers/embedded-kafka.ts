import { execFile } from 'node:child_process';
import { existsSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '@trolley/runtime/adapters';
import type { Command } from '../../shop/process/death-signal.ts';
import { spawnServer, stopLeftOver, untilReady, type StopSignals } from '../../shop/servers/child-server.ts';
import { endingWithParent } from '../../shop/process/death-signal.ts';
import { host, type EmbeddedServer } from '../../shop/servers/embedded-server.ts';
import { findKafka, kafkaVersion, type KafkaProgram } from './kafka-program.ts';
import { findFreePort, isListening } from '../../shop/process/ports.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { pidIn } from '../../shop/process/process-identity.ts';

export interface KafkaOptions {
  /** Its files go to `<dataDir>/kafka`. */
  readonly dataDir: string;
  /** PATH, to find Java, and Maven, which fetches the rest. */
  readonly searchPath: string;
  /** Left out: any free port. */
  readonly port?: number;
  /** Told when Kafka has to be fetched. */
  readonly say: (line: string) => void;
  /** More of Kafka's own settings; they win. Its listener is called CLIENT. */
  readonly settings?: KafkaSettings;
  /** Who may come in by SCRAM-SHA-512, with their passwords; told when its files are made. */
  readonly users?: Readonly<Record<string, string>>;
}

export type KafkaSettings = Readonly<Record<string, string | number>>;

const signals: StopSignals = { graceful: 'SIGTERM', forced: 'SIGKILL' };
const startDeadlineMs = 60_000;
const stopDeadlineMs = 20_000;
/** Small, and quick to start. */
const jvm = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];
/** 22 characters of base64; every server here is a cluster of its own, whatever it is called. */
const clusterId = 'dHJvbGxleS1vZi10ZXN0cw';

/**
 * Starts Kafka on the loopback, one server that is its own controller. For tests: what a cluster keeps three times
 * is here once, and a killed server is taken for dead after 2 s. `url` is its address, `127.0.0.1:41233`.
 */
export async function startKafka(options: KafkaOptions): Promise<EmbeddedServer> {
  const folder = join(options.dataDir, 'kafka');
  makeFolder(folder);
  const dir = realpathSync(folder);
  const program = await findKafka(options.searchPath, options.say);
  const pidFile = join(dir, 'kafka.pid');
  await stopLeftOver(pidIn(pidFile), dir, signals, stopDeadlineMs);

  const port = options.port ?? (await findFreePort());
  const controllerPort = await findFreePort();
  const settings = (data: string) => ({ ...settingsOf(port, controllerPort, data), ...options.settings });
  const data = join(dir, 'data');
  if (!existsSync(data)) await format(program, dir, settings, options.users ?? {});

  const settingsFile = join(dir, 'server.properties');
  writeFileSync(settingsFile, render(settings(data)));
  const logFile = join(dir, 'kafka.log');
  const command = commandOf(program, dir, 'kafka.Kafka', settingsFile);
  const server = await spawnServer(endingWithParent(command, 'TERM'), logFile, signals);
  writeFileSync(pidFile, `${server.pid}\n`);
  // It listens once it has recovered what it keeps on disk and has joined its cluster.
  await untilReady('Kafka', server, logFile, startDeadlineMs, () => isListening(port));
  return {
    url: `${host}:${port}`,
    port,
    version: kafkaVersion,
    label: `Kafka ${kafkaVersion} on ${host}:${port}`,
    pid: server.pid,
    exited: server.exited,
    stop: (deadlineMs = stopDeadlineMs) => server.stop(deadlineMs),
    kill: () => server.kill(),
  };
}

function settingsOf(port: number, controllerPort: number, data: string): KafkaSettings {
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${host}:${controllerPort}`,
    listeners: `CLIENT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    'inter.broker.listener.name': 'CLIENT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 300,
  };
}

/** Makes the files of a new cluster. Only complete ones get the final name. */
async function format(
  program: KafkaProgram,
  dir: string,
  settings: (data: string) => KafkaSettings,
  users: Readonly<Record<string, string>>,
): Promise<void> {
  const unfinished = join(dir, 'data.new');
  rmSync(unfinished, { recursive: true, force: true });
  const settingsFile = join(dir, 'format.properties');
  writeFileSync(settingsFile, render(settings(unfinished)));
  const storageTool = ['kafka.tools.StorageTool', 'format', '--cluster-id', clusterId];
  const scram = Object.entries(users).flatMap(([name, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},password=${password}]`,
  ]);
  const command = commandOf(program, dir, ...storageTool, '--config', settingsFile, ...scram);
  await promisify(execFile)(command.program, [...command.args], { cwd: dir }).catch((cause: unknown) => {
    const { stderr = '', message } = cause as Error & { stderr?: string };
    throw new StartProblem(`Kafka's files could not be made: ${stderr.trim() || message}`, { cause });
  });
  renameSync(unfinished, join(dir, 'data'));
}

function commandOf({ java, classPath }: KafkaProgram, cwd: string, ...args: string[]): Command {
  const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  return { program: java, args: [...jvm, quiet, '-cp', classPath, ...args], cwd };
}

function render(settings: KafkaSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
