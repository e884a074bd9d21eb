import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readEnvironment } from '../../shop/environment.ts';
import { exitCodes, runCommand } from '../../shop/process/run-command.ts';
import type { NamedCommand } from '../../shop/process/run-named-command.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { cachedFolder } from '../servers/server-cache.ts';

const version = '5.16.0';
const installDeadlineMs = 300_000;
const root = join(import.meta.dirname, '..', '..', '..');
/** Tests that use the REST API alone. */
const suites = 'ops/prove/e2e/@(buying|carts|refusals|orders|while-paying).test.ts';

export const proxyCommand: NamedCommand = {
  summary: "tests of the whole shop through Prism's validating proxy",
  run: (args) =>
    runCommand({
      args,
      help: `npm run openapi -- proxy

Runs ${suites}
with Prism in front of each gateway. Ends with 1 when a test fails, or when Prism finds an answer that the gateway's
/openapi.json does not describe, or a request that it does not describe and the gateway lets in. Prism is fetched
with npm, once.
`,
      options: {},
      async run(_, progress) {
        const packages = await prismPackages((line) => progress.say(line));
        const mocha = createRequire(import.meta.url).resolve('mocha/lib/cli/cli.js');
        const node = [
          '--conditions=@trolley/source',
          '--import',
          './ops/shop/process/ending.mjs',
          '--import',
          'tsx',
        ];
        const child = spawn(process.execPath, [...node, mocha, suites], {
          cwd: root,
          env: {
            ...readEnvironment(),
            TEST_VALIDATING_PROXY: join(packages, '@stoplight/prism-cli/dist/index.js'),
          },
          stdio: ['ignore', 'inherit', 'inherit'],
        });
        const [code] = (await once(child, 'close')) as [number | null];
        return code === 0 ? exitCodes.done : exitCodes.failed;
      },
    }),
};

/** In the cache of downloads, since no other test needs its 74 MB. */
async function prismPackages(say: (line: string) => void): Promise<string> {
  const folder = await cachedFolder(`prism-${version}`, async (empty) => {
    say(`Fetching Prism ${version} with npm, 74 MB, this once.`);
    const dependencies = { '@stoplight/prism-cli': version };
    await writeFile(join(empty, 'package.json'), JSON.stringify({ private: true, dependencies }));
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error'];
    const options = { cwd: empty, timeout: installDeadlineMs };
    await promisify(execFile)('npm', ['install', ...flags], options).catch((cause: unknown) => {
      throw new StartProblem(`npm could not fetch Prism ${version}: ${String(cause)}`, { cause });
    });
  });
  return join(folder, 'node_modules');
}
