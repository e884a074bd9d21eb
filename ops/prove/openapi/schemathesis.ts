import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endingWithParent } from '../../shop/process/death-signal.ts';
import { findProgram } from '../../shop/process/find-redis.mjs';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { cachedFolder } from '../servers/server-cache.ts';

const version = '4.32.5';
const installDeadlineMs = 300_000;
const runDeadlineMs = 900_000;

export interface Schemathesis {
  readonly python: string;
  /** Where its packages are. */
  readonly folder: string;
}

/** @throws StartProblem in one sentence where Python or pip lacks, or it can't be had */
export async function findSchemathesis(
  searchPath: string,
  say: (line: string) => void,
): Promise<Schemathesis> {
  const python = findProgram(['python3'], searchPath);
  if (python === undefined)
    throw new StartProblem('Install Python 3.10 or newer, with pip: schemathesis is written in it.');
  const folder = await cachedFolder(
    `schemathesis-${version}-${process.platform}-${process.arch}`,
    async (empty) => {
      say(`Fetching schemathesis ${version} with pip, this once.`);
      const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
      const pinned = ['--no-deps', '--only-binary', ':all:'];
      const requirements = ['--requirement', join(import.meta.dirname, 'schemathesis.txt')];
      const install = ['-m', 'pip', 'install', ...quiet, ...pinned, ...requirements, '--target', empty];
      await promisify(execFile)(python, install, { timeout: installDeadlineMs }).catch((cause: unknown) => {
        const said = (cause as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? String(cause);
        throw new StartProblem(`pip could not fetch schemathesis ${version}: ${said}`, { cause });
      });
    },
  );
  return { python, folder };
}

export interface FuzzRun {
  /** Of the gateway. */
  readonly url: string;
  /** None: without a token. */
  readonly token: string | undefined;
  /** Generated for each operation. */
  readonly examples: number;
  readonly seed: number;
}

/** What every answer has to be like. That a request is refused is no fault: rules of the shop are in no schema. */
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
  'described_headers',
];

/** How many cases it tried, and whether all went well; what it says goes to `say`. */
export function runSchemathesis(
  { python, folder }: Schemathesis,
  { url, token, examples, seed }: FuzzRun,
  say: (text: string) => void,
): Promise<{ readonly cases: number; readonly passed: boolean }> {
  const limits = ['--max-examples', String(examples), '--seed', String(seed), '--max-failures', '50'];
  // A token opens the stream of events, whose answer never ends.
  const asUser =
    token === undefined
      ? []
      : ['--header', `Authorization: Bearer ${token}`, '--exclude-path', '/api/v1/events'];
  const { program, args, cwd } = endingWithParent(
    {
      program: python,
      args: [
        join(folder, 'bin', 'st'),
        ...['--no-color', 'run', `${url}/openapi.json`, '--checks', checks.join(',')],
        ...['--phases', 'examples,coverage,fuzzing', '--workers', '2', '--request-timeout', '40'],
        ...['--generation-database', 'none', '--continue-on-failure', '--no-shrink', '--warnings', 'off'],
        ...limits,
        ...asUser,
      ],
      cwd: temporaryFolder('schemathesis'),
    },
    'KILL',
  );
  const env = {
    PYTHONPATH: `${folder}:${import.meta.dirname}`,
    SCHEMATHESIS_HOOKS: 'described_headers',
    PYTHONDONTWRITEBYTECODE: '1',
  };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env,
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: runDeadlineMs,
      killSignal: 'SIGKILL',
    });
    let told = '';
    const hear = (text: string) => {
      told += text;
      say(text);
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.once('error', reject);
    child.once('close', (code) => {
      const cases = Number(/^\s*([0-9]+) generated/m.exec(told)?.[1] ?? 0);
      resolve({ cases, passed: code === 0 });
    });
  });
}
