import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderEnvExample, withTable } from './render-docs.ts';

/*
 * `npm run config:docs` writes .env.example and the table of the guide; with `--check` it only tells which of
 * them is out of date.
 */

const root = join(import.meta.dirname, '..', '..', '..');
const fresh: Record<string, (old: string) => string> = {
  '.env.example': () => renderEnvExample(),
  'ops/guide/configuration.md': withTable,
};

const check = process.argv.includes('--check');
const stale = Object.entries(fresh).filter(([name, render]) => {
  const path = join(root, name);
  const old = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const wanted = render(old);
  if (wanted !== old && !check) writeFileSync(path, wanted);
  return wanted !== old;
});

if (check && stale.length > 0) {
  const names = stale.map(([name]) => name).join(' and ');
  process.stderr.write(
    `${names}: not up to date with ops/shop/config/variables.ts. Run: npm run config:docs\n`,
  );
  process.exitCode = 1;
}
