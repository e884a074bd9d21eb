import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { cacheHome, readEnvironment } from '../../shop/environment.ts';
import { runCommand } from '../../shop/process/run-command.ts';
import { findNode24, type NodeProgram } from './node-program.ts';
import { mirrorFolder } from './mirror-folder.ts';

const help = `npm run verify:node24 -- [NPM-COMMAND…]

Runs \`npm test\`, or another command of npm, on Node 24, whatever Node this is:

  npm run verify:node24
  npm run verify:node24 -- exec mocha runtime/kernel/kernel.test.ts
  npm run verify:node24 -- run container:smoke

It works in a copy of this folder under ~/.cache/trolley, which has packages of its own: those here are compiled for the
Node here. The first time it fetches Node and the packages, and compiles one; that takes some minutes. It needs Linux on
x64 or arm64, a C++ compiler, make and Python.
`;

const root = join(import.meta.dirname, '..', '..', '..');

/** What is made from the rest, belongs to one Node or is nobody else's. */
const leftHere = new Set(['node_modules', 'dist', '.git', '.data', '.env']);

const { npm_execpath: npmProgram } = readEnvironment();
const npm = npmProgram === undefined ? (['npm'] as const) : ([process.execPath, npmProgram] as const);

await runCommand({
  help,
  options: {},
  maxWords: 100,
  async run({ positionals }, progress) {
    const node = await findNode24(npm, (line) => progress.say(line));
    const copy = copyOf(root);
    await mirrorFolder(root, copy, leftHere);
    progress.say(`Node ${node.version}, in ${copy}`);
    const env = environmentFor(node);
    const prepared = await run(
      join(node.folder, 'bin', 'node'),
      ['ops/shop/process/prepare.mjs', '--packages-only'],
      copy,
      env,
    );
    if (prepared !== 0) return prepared;
    const [program, ...first] = npmOn(node);
    return run(program, [...first, ...(positionals.length === 0 ? ['test'] : positionals)], copy, env);
  },
});

/** One for each checkout: two of them may be tested at the same time. */
function copyOf(checkout: string): string {
  const id = createHash('sha256').update(checkout).digest('hex').slice(0, 8);
  return join(cacheHome(), 'trolley', 'on-node24', `${basename(checkout)}-${id}`);
}

function npmOn(node: NodeProgram): readonly [string, ...string[]] {
  return npmProgram === undefined ? ['npm'] : [join(node.folder, 'bin', 'node'), npmProgram];
}

/** That of this process, without what the npm above has told its script, and with Node 24 first. */
function environmentFor({ folder }: NodeProgram): NodeJS.ProcessEnv {
  const ofThisScript =
    /^(INIT_CWD|npm_(lifecycle|package)_\w*|npm_config_(local|global)_prefix|npm_config_prefix)$/;
  const kept = Object.entries(readEnvironment()).filter(([name]) => !ofThisScript.test(name));
  const { PATH = '', ...env } = Object.fromEntries(kept);
  return {
    ...env,
    ...(npmProgram !== undefined && { npm_execpath: npmProgram }),
    PATH: `${join(folder, 'bin')}:${PATH}`,
    // node-gyp then compiles against these headers and fetches none.
    npm_config_nodedir: folder,
  };
}

async function run(program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn(program, args, { cwd, env, stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}
