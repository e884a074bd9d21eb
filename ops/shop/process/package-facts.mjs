import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Plain JavaScript that an old Node understands, too: it has to be told that it is too old.
 */

/** What package.json says: the one next above, be it seen from `ops/` or from `dist/ops/`. */
const facts = read(dirname(fileURLToPath(import.meta.url)));

export const version = facts.version;

/** Why this Node can't run Trolley; undefined: it can. */
export function nodeProblem(node, wanted = facts.engines.node) {
  const least = /\d+(\.\d+)*/.exec(wanted)[0].split('.').map(Number);
  const parts = node.split('.').map(Number);
  const differs = least.findIndex((part, index) => part !== (parts[index] || 0));
  if (differs < 0 || (parts[differs] || 0) > least[differs]) return undefined;
  return `This is Node ${node}, and Trolley needs ${least.join('.')} or newer: https://nodejs.org.`;
}

function read(folder) {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : read(dirname(folder));
}
