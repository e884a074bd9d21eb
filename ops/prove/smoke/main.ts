import { execFileSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from '../../shop/process/ports.ts';
import { createProgress } from '../../shop/process/progress.ts';
import { isStartProblem, StartProblem } from '../../shop/process/start-problem.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { providePostgres, provideRedis } from '../testing/test-servers.ts';
import { buildImage, type Image } from './build-image.ts';
import { parseDockerfile } from './parse-dockerfile.ts';
import { runInside, signalInside, startInside, type Root } from './sandbox.ts';
import { purchase } from './purchase.ts';

/*
 * `npm run container:smoke` takes the steps of ops/operate/containers/Dockerfile without a container engine, starts what they made
 * as the Dockerfile says, against a real Redis and a real PostgreSQL, buys something, and ends it with the stop
 * signal. What it cannot show is the base images: this machine stands in for them.
 */

const project = join(import.meta.dirname, '..', '..', '..');
const startDeadlineMs = 60_000;
const stopDeadlineMs = 30_000;

const progress = createProgress(process.stdout);
const folder = temporaryFolder('smoke-test');
try {
  await smokeTest();
} catch (error) {
  if (!isStartProblem(error)) throw error;
  progress.fail(error.message);
  process.exitCode = 1;
} finally {
  removeTemporaryFolder(folder);
}

async function smokeTest(): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new StartProblem('A smoke test makes mounts and changes users: it needs Linux, and root.');
  }
  const image = await buildImage({
    context: project,
    folder,
    stages: parseDockerfile(readFileSync(join(project, 'ops/operate/containers/Dockerfile'), 'utf8')),
    done: ({ line, text }, tookMs) => progress.done(`line ${line}: ${shortened(text)}`, tookMs),
  });
  tellSize(image);
  const redis = await provideRedis(undefined);
  const postgres = await providePostgres(undefined);
  try {
    await runContainer(image, { REDIS_URL: redis.url, POSTGRES_URL: postgres.url });
  } finally {
    await Promise.all([redis.stop(), postgres.stop()]);
  }
}

/** The part that the base image adds is published by those who make it; it can't be measured here. */
function tellSize({ layer, workdir, base }: Image): void {
  const megabytes = (path: string) => {
    const bytes = execFileSync('du', ['--bytes', '--summarize', path], { encoding: 'utf8' });
    return (Number.parseInt(bytes, 10) / 1e6).toFixed(1);
  };
  const app = megabytes(join(layer, workdir));
  progress.say(`Size: ${megabytes(layer)} MB over the base image, of which ${app} MB in ${workdir}.`);
  progress.say(`In place of the base image there was: ${base.standIn}.`);
}

async function runContainer(image: Image, stores: Readonly<Record<string, string>>): Promise<void> {
  const root = { mountPoint: join(folder, 'root'), layers: [image.layer, image.base.folder] };
  mkdirSync(root.mountPoint);
  const mounted: Root = { ...root, volumes: volumesOf(image) };
  const httpPort = String(await findFreePort());
  const secret = randomBytes(32).toString('hex');
  const env = {
    ...image.env,
    ...(await freePorts()),
    ...stores,
    HTTP_PORT: httpPort,
    JWT_SECRET: secret,
    PAYMENT_DELAY_MS: '0',
    PAYMENT_SUCCESS_RATE: '1',
    LOG_LEVEL: 'warn',
  };
  const { workdir, user } = image;
  const container = startInside(mounted, { command: image.entrypoint, workdir, env, user });
  const ended = endingOf(container);
  try {
    const startedAt = performance.now();
    const probe = { command: image.healthcheck, workdir, env, user };
    await Promise.race([ready(() => runInside(root, probe, 5_000)), ended.then(endedEarly)]);
    progress.done(
      `ready by its own HEALTHCHECK, as ${user} on a read-only root`,
      performance.now() - startedAt,
    );
    const bought = await purchase(`http://127.0.0.1:${httpPort}`, { secret, issuer: 'ecommerce-platform' });
    progress.say(`Bought: ${bought}.`);
    await stop(container, image.stopSignal, ended);
  } finally {
    container.kill('SIGKILL');
    await ended;
  }
}

/** As an engine does: a new volume begins with what the image has in its place, and with its owner. */
function volumesOf(image: Image): Record<string, string> {
  return Object.fromEntries(
    image.volumes.map((path, index) => {
      const volume = join(folder, `volume-${index}`);
      execFileSync('cp', ['--archive', join(image.layer, path), volume]);
      return [path, volume];
    }),
  );
}

/** The network is this machine's: what else listens here must not matter. */
async function freePorts(): Promise<Record<string, string>> {
  const any = ['CONSOLE', 'PRODUCT', 'CART', 'INVENTORY', 'PAYMENT', 'ORDERS', 'CHECKOUT'];
  const ports: Record<string, string> = { HEALTH_PORT: String(await findFreePort()) };
  for (const name of any) ports[`${name}_PORT`] = '0';
  return ports;
}

interface Ending {
  readonly code: number | null;
  readonly said: string;
}

function endingOf(container: ChildProcess): Promise<Ending> {
  let said = '';
  for (const stream of [container.stdout, container.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  return new Promise((resolve) => container.once('close', (code) => resolve({ code, said })));
}

function endedEarly({ code, said }: Ending): never {
  throw new StartProblem(`The container ended with ${code ?? 'a signal'} before it was ready:\n${said}`);
}

async function ready(probe: () => Promise<unknown>): Promise<void> {
  const giveUpAt = performance.now() + startDeadlineMs;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await delay(200);
    }
  }
}

async function stop(container: ChildProcess, signal: NodeJS.Signals, ended: Promise<Ending>): Promise<void> {
  const startedAt = performance.now();
  signalInside(container, signal);
  const late = delay(stopDeadlineMs, undefined, { ref: false });
  const ending = await Promise.race([ended, late]);
  if (ending === undefined)
    throw new StartProblem(`It did not end within ${stopDeadlineMs / 1000} s of ${signal}.`);
  if (ending.code !== 0)
    throw new StartProblem(`${signal} ended it with ${ending.code ?? 'a signal'}:\n${ending.said}`);
  progress.done(`ended with 0 on ${signal}`, performance.now() - startedAt);
}

function shortened(text: string): string {
  return text.length > 90 ? `${text.slice(0, 87)}…` : text;
}
