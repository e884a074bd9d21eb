import './ending.mjs';
import { spawn } from 'node:child_process';

/*
 * `node ops/shop/process/run-scripts.mjs lint 'config:docs -- --check'`: npm scripts that need nothing of each other,
 * two at a time. What one says is shown whole once it has ended. After one that fails no other begins.
 */

const npm = process.env.npm_execpath;
const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
const waiting = process.argv.slice(2);

await Promise.all([runOn(), runOn()]);

async function runOn() {
  while (waiting.length > 0 && process.exitCode === undefined) {
    const status = await run(waiting.shift());
    // One that a signal ended has no status.
    if (status !== 0) process.exitCode ??= status ?? 1;
  }
}

async function run(script) {
  const args = [...first, 'run', ...script.split(' ')];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const output of [child.stdout, child.stderr]) output.on('data', (piece) => said.push(piece));
  const status = await new Promise((resolve) => {
    child.once('close', resolve).once('error', (error) => {
      said.push(Buffer.from(`${script} could not be started: ${error.message}\n`));
      resolve(1);
    });
  });
  process.stdout.write(Buffer.concat(said));
  return status;
}
