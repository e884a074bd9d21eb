import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { createProgress } from '../../shop/process/progress.ts';
import { isStartProblem, StartProblem } from '../../shop/process/start-problem.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { apiChanges, changed } from '../openapi/api-changes.ts';
import { breakingChanges, findOasdiff } from '../openapi/breaking-changes.ts';
import { releasedApi } from '../openapi/released-api.ts';
import { parseDockerfile } from '../smoke/parse-dockerfile.ts';
import { exposedPorts, missingLimits, unknownDependencies } from './compose-problems.ts';
import { dashboardRules } from './dashboard-rules.ts';
import { callEveryMethod } from './go-client.ts';
import { processesOfCompose, processesOfManifests, type DeployedProcess } from './deployed-process.ts';
import { policyProblems } from './policy-problems.ts';
import { problemsOf } from './process-problems.ts';
import { scrapeShop } from './scraped-shop.ts';
import { findTools } from './tools.ts';

/*
 * `npm run deploy:check` looks at the Dockerfile, docker-compose.yml, ops/operate/k8s, what Prometheus and Grafana read and
 * the workflows with what their readers use themselves, and then whether what they give a process is what it reads. And it calls the services with a client in Go, and shows which changes of the API it would not let through.
 */

const root = join(import.meta.dirname, '..', '..', '..');
const run = promisify(execFile);
const progress = createProgress(process.stdout);
const folder = temporaryFolder('deploy-check');

/** Rules that are not ours, each for a reason. */
const notOurs = [
  // A tag is made once; a digest is better still.
  'container-image-pull-policy',
  // Spread constraints say the same and let a rollout go on where they can't be met.
  'deployment-has-host-podantiaffinity',
  // A service with an address of its own finds a restarted pod at once; DNS is asked again after 30 s.
  'statefulset-has-servicename',
];

try {
  await check();
} catch (error) {
  if (!isStartProblem(error)) throw error;
  progress.fail(error.message);
  process.exitCode = 1;
} finally {
  removeTemporaryFolder(folder);
}

async function check(): Promise<void> {
  const tools = await findTools((line) => progress.say(line));
  await step('ops/operate/containers/Dockerfile', () =>
    tool(tools.hadolint, 'ops/operate/containers/Dockerfile'),
  );
  await step('.github/workflows', async () => {
    const workflows = readdirSync(join(root, '.github/workflows')).map((file) => `.github/workflows/${file}`);
    await tool(tools.actionlint, '-no-color', ...workflows);
  });
  const imageEnv = envOfImage();
  await step('docker-compose.yml', async () => {
    const model = JSON.parse(
      await tool(tools['compose-spec'], '--format', 'json', 'docker-compose.yml'),
    ) as unknown;
    const processes = processesOfCompose(model).map((one) => withImage(one, imageEnv));
    refuse([
      ...unknownDependencies(model),
      ...missingLimits(model),
      ...exposedPorts(model),
      ...problemsOf(processes),
    ]);
  });
  await step('ops/operate/observability', async () => {
    const at = 'ops/operate/observability';
    await tool(tools.promtool, 'check', 'config', '--lint-fatal', `${at}/prometheus.yml`);
    await tool(tools.promtool, 'test', 'rules', `${at}/alerts.test.yml`);
    const queries = join(folder, 'dashboards.yml');
    writeFileSync(queries, dashboardRules(join(root, at, 'grafana/dashboards')));
    await tool(tools.promtool, 'check', 'rules', '--lint-fatal', queries);
  });
  await step('a shop that sells, read by Prometheus', () =>
    scrapeShop(tools.prometheus, join(root, 'ops/operate/observability')),
  );
  await step('what breaks a client of the API, by oasdiff', async () => {
    const [oasdiff, api] = [await findOasdiff((line) => progress.say(line)), releasedApi()];
    const wrong: string[] = [];
    for (const change of apiChanges) {
      const found = await breakingChanges(oasdiff, api, changed(api, change));
      if (found.length > 0 !== change.isBreaking)
        wrong.push(`${change.what}: ${found.join(' ') || 'not found'}`);
    }
    refuse(wrong);
  });
  await step('the gRPC services, by a client in Go', () => callEveryMethod(tools.grpcurl));
  for (const name of ['base', 'overlays/example']) {
    await step(`ops/operate/k8s/${name}`, async () => {
      const built = join(folder, name.replace('/', '-'));
      mkdirSync(built);
      await tool(tools.kustomize, 'build', `ops/operate/k8s/${name}`, '--output', built);
      const manifestFiles = readdirSync(built).map((file) => join(built, file));
      await tool(tools['kubectl-validate'], '--version', '1.30', ...manifestFiles);
      const score = [
        'score',
        '--kubernetes-version',
        'v1.30',
        '--ignore-container-cpu-limit',
        '--exit-one-on-warning',
      ];
      await tool(
        tools['kube-score'],
        ...score,
        '--output-format',
        'ci',
        '--ignore-test',
        notOurs.join(','),
        ...manifestFiles,
      );
      const manifests = manifestFiles.map((file) => readYaml(file));
      const pods = processesOfManifests(manifests).map((one) => withImage(one, imageEnv));
      refuse([...problemsOf(pods), ...policyProblems(manifests, pods)]);
    });
  }
}

/** One that fails does not keep the others from being looked at. */
async function step(what: string, work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  try {
    await work();
    progress.done(what, performance.now() - startedAt);
  } catch (error) {
    if (!isStartProblem(error)) throw error;
    progress.fail(`${what}:\n${error.message}`);
    process.exitCode = 1;
  }
}

/** @throws StartProblem with what the program has to say against it */
async function tool(program: string, ...args: string[]): Promise<string> {
  try {
    return (await run(program, args, { cwd: root, env: {}, timeout: 60_000 })).stdout;
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    const lines = stripVTControlCharacters(stdout + stderr).split('\n');
    const said = lines.filter((line) => line !== '' && !/^\[(OK|SKIPPED)\]|\.\.\.OK$/.test(line));
    throw new StartProblem(said.join('\n') || String(cause), { cause });
  }
}

function refuse(lines: readonly string[]): void {
  if (lines.length > 0) throw new StartProblem(lines.join('\n'));
}

function envOfImage(): Record<string, string> {
  const stage = parseDockerfile(readFileSync(join(root, 'ops/operate/containers/Dockerfile'), 'utf8')).at(-1);
  const steps = stage?.steps.filter((one) => one.kind === 'env') ?? [];
  return Object.assign({}, ...steps.map(({ values }) => values)) as Record<string, string>;
}

function withImage(deployed: DeployedProcess, imageEnv: Readonly<Record<string, string>>): DeployedProcess {
  return { ...deployed, env: { ...imageEnv, ...deployed.env } };
}

function readYaml(file: string): { kind?: unknown } {
  const [document] = parseAllDocuments(readFileSync(file, 'utf8'));
  return document?.toJS() as { kind?: unknown };
}
