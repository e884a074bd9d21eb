import './ending.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseRedis, dockerAnswers, findProgram, noRedis, redisPrograms } from './find-redis.mjs';
import { canInstallWithApt, reasonToInstall } from './prepare-plan.mjs';

/*
 * npm runs this before `start`, `test`, `verify` and `deploy:check`, and as `build`, also in a fresh clone: so it needs
 * nothing but Node until packages are there. It says what it does on standard error, and nothing when there is nothing
 * to do.
 */

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const say = (line) => process.stderr.write(`${line}\n`);

const packagesOnly = process.argv.includes('--packages-only');
const programOnly = process.argv.includes('--program-only');
const runsProgram = programOnly || process.env.npm_lifecycle_event === 'prestart';

await preparePackages();
if (runsProgram) await prepareProgram();
if (!packagesOnly && !programOnly) {
  await prepareRedis();
  if (process.env.npm_lifecycle_event?.startsWith('pretest')) {
    await prepareJava();
    await prepareBrowser();
  }
}

async function preparePackages() {
  const reason = reasonToInstall({
    lock: readJson('package-lock.json'),
    installed: readJson(join('node_modules', '.package-lock.json')),
    // An installation without development packages still starts.
    withDev: !runsProgram,
    machine: { os: process.platform, cpu: process.arch },
  });
  if (reason !== undefined) {
    say(`Installing packages: ${reason}. The first time takes a minute or two.`);
    await step('Packages installed', 'npm ci failed: see above', ...npm('ci', '--no-audit', '--no-fund'));
  }
  await prepareSqlite();
}

/** The one package that is compiled: for one version of Node, on one kind of machine. */
async function prepareSqlite() {
  const name = 'better-sqlite3';
  const compiled = join(root, 'node_modules', name, 'build', 'Release', 'better_sqlite3.node');
  if (!existsSync(dirname(dirname(dirname(compiled)))) || loads(compiled)) return;
  say(`Building ${name} again: what is there is not for Node ${process.version} on this machine.`);
  const failure = `${name} could not be built for Node ${process.version}: see above. Delete node_modules and run npm ci.`;
  await step(`${name} built`, failure, ...npm('rebuild', name));
  if (!loads(compiled)) fail(failure);
}

function loads(compiled) {
  try {
    process.dlopen({ exports: {} }, compiled);
    return true;
  } catch {
    return false;
  }
}

function npm(...args) {
  const { npm_execpath: given } = process.env;
  return given === undefined ? ['npm', args] : [process.execPath, [given, ...args]];
}

async function prepareProgram() {
  // It needs packages.
  const { compile } = await import('./compile.mjs');
  const startedAt = performance.now();
  try {
    if (await compile(root)) say(`Compiled to dist/ (${secondsSince(startedAt)} s)`);
  } catch (error) {
    fail(`The shop could not be compiled: ${error.message}`);
  }
}

async function prepareRedis() {
  if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));
  const { REDIS_URL, TEST_REDIS_URL, PATH = '', npm_lifecycle_event: event } = process.env;
  const aptGet = findProgram(['apt-get'], PATH);
  const choice = await chooseRedis({
    redisUrl: event === 'pretest' ? TEST_REDIS_URL : REDIS_URL,
    program: findProgram(redisPrograms, PATH),
    dockerAnswers,
    canInstall: () => mayInstall(aptGet),
  });
  if (choice.kind === 'none') fail(noRedis);
  if (choice.kind === 'docker')
    say('No redis-server on this machine: Redis will run in Docker (redis:7-alpine).');
  if (choice.kind === 'install') await installRedis(aptGet);
}

/** The tests start Kafka themselves, from what Maven fetches. Where Java can't be had, those that need it say so. */
async function prepareJava() {
  const { TEST_KAFKA_BROKERS = '', PATH = '' } = process.env;
  const missing = ['java', 'mvn'].filter((program) => findProgram([program], PATH) === undefined);
  const aptGet = findProgram(['apt-get'], PATH);
  if (TEST_KAFKA_BROKERS !== '' || missing.length === 0 || !mayInstall(aptGet)) return;
  say(`No ${missing.join(' and no ')} on this machine: installing Java and Maven with apt-get, for Kafka.`);
  const failure = 'apt-get could not install Java and Maven: see above. Or set TEST_KAFKA_BROKERS.';
  await install(aptGet, failure, 'default-jre-headless', 'maven');
}

/** The tests of the console drive one. Where it can't be had, they say so. Ubuntu's packages have none that runs in a container. */
async function prepareBrowser() {
  const { PATH = '' } = process.env;
  const aptGet = findProgram(['apt-get'], PATH);
  const isDebian = /^ID=debian$/m.test(readText('/etc/os-release'));
  const found = findProgram(['chromium', 'google-chrome'], PATH);
  if (found !== undefined || !isDebian || !mayInstall(aptGet)) return;
  say('No Chromium on this machine: installing it with apt-get, for the tests of the console.');
  await install(aptGet, 'apt-get could not install chromium: see above.', 'chromium');
}

function mayInstall(aptGet) {
  return canInstallWithApt({
    isRoot: process.getuid?.() === 0,
    osRelease: readText('/etc/os-release'),
    aptGet,
  });
}

async function install(aptGet, failure, ...packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step('Package lists updated', failure, aptGet, ['update', '-qq'], env);
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  await step(`${packages.join(' and ')} installed`, failure, aptGet, args, env);
}

async function installRedis(aptGet) {
  say('No Redis on this machine: installing redis-server with apt-get.');
  await install(aptGet, `apt-get could not install redis-server: see above. ${noRedis}`, 'redis-server');
  // The package starts a service of its own. Trolley runs its Redis itself, on its own data.
  const [program, ...args] = existsSync('/run/systemd/system')
    ? ['systemctl', 'disable', '--now', 'redis-server']
    : ['service', 'redis-server', 'stop'];
  spawnSync(program, args, { stdio: 'ignore' });
  if (findProgram(redisPrograms, process.env.PATH ?? '') === undefined) fail(noRedis);
}

async function step(done, failure, program, args, env = process.env) {
  const startedAt = performance.now();
  // Standard output belongs to what comes after: logs, test reports.
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 2, 2] });
  const status = await new Promise((resolve) => child.once('error', resolve).once('close', resolve));
  if (status !== 0) fail(failure);
  say(`${done} (${secondsSince(startedAt)} s)`);
}

function secondsSince(startedAt) {
  return ((performance.now() - startedAt) / 1000).toFixed(1);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}

function readJson(path) {
  const text = readText(join(root, path));
  return text === '' ? undefined : JSON.parse(text);
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
