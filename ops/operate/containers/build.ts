import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/* `npm run build`: what `node dist/ops/shop/main.js` needs, and the packages that it imports. The runtime and the statecharts are two of these. */

const root = join(import.meta.dirname, '..', '..', '..');
const dist = join(root, 'dist');
const rooms = ['actors', 'gateway', 'ops/console/page', 'ops/shop', 'ops/operate', 'proto'];

/** What the program reads beside its own code, found by its ending. */
const assets = /\.(binpb|css|html|ico|js|mjs|png|sql|svg|woff2)$/;

rmSync(dist, { recursive: true, force: true });
run(join(root, 'runtime/build.mjs'));
run(join(root, 'runtime/build.mjs'), join(root, 'ops/console/statechart'));
run(
  createRequire(import.meta.url).resolve('typescript/bin/tsc'),
  '--project',
  join(import.meta.dirname, 'tsconfig.json'),
);
for (const room of rooms) carryAssets(room);

function run(...program: string[]): void {
  try {
    execFileSync(process.execPath, program, { stdio: 'inherit' });
  } catch {
    // The compiler has said what is wrong.
    process.exit(1);
  }
}

function carryAssets(room: string): void {
  for (const path of readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })) {
    if (!assets.test(path)) continue;
    const target = join(dist, room, path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, room, path), target);
  }
}
