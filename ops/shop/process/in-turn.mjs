import './ending.mjs';
import { spawn } from 'node:child_process';

/* `node ops/shop/process/in-turn.mjs lint 'config:docs -- --check'`: npm scripts one after the other, until one fails. */

const npm = process.env.npm_execpath;
const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];

for (const script of process.argv.slice(2)) {
  const child = spawn(program, [...first, 'run', ...script.split(' ')], { stdio: 'inherit' });
  const status = await new Promise((resolve) => child.once('error', resolve).once('close', resolve));
  if (status !== 0) process.exit(typeof status === 'number' ? status : 1);
}
