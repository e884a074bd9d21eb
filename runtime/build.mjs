import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/*
 * `npm run build --workspace runtime`: dist/, JavaScript with declarations and source maps. Given another package's
 * folder, that one's.
 */

const [, , folder = import.meta.dirname] = process.argv.filter((argument) => !argument.startsWith('--'));
const dist = join(folder, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
try {
  execFileSync(process.execPath, [tsc, '--project', join(folder, 'tsconfig.build.json')], {
    stdio: 'inherit',
  });
} catch {
  // The compiler has said what is wrong.
  process.exit(1);
}
// What a thread runs is JavaScript as it stands.
for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
  if (/^(?!dist|node_modules).*-thread\.mjs$/.test(path)) copyFileSync(join(folder, path), join(dist, path));
}
// The compiler rewrites the endings of imports in JavaScript, and leaves them in declarations.
for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (!path.endsWith('.d.ts')) continue;
  const file = join(dist, path);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/((?:from |import\()'\.[^']*)\.ts'/g, "$1.js'"));
}
