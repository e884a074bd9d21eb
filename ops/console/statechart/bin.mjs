#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/* Of the package, what was compiled; in its repository the sources, also of the packages beside it. */

const [, , ...args] = process.argv;
const isInstalled = import.meta.dirname.includes('node_modules');
const condition = '--conditions=@trolley/source';
if (!isInstalled && !process.execArgv.includes(condition)) {
  const self = fileURLToPath(import.meta.url);
  const how = [condition, '--import', import.meta.resolve('tsx'), self, ...args];
  process.exit(spawnSync(process.execPath, how, { stdio: 'inherit' }).status ?? 1);
}
const { runCommand } = await import(isInstalled ? './dist/command.js' : './command.ts');
// What a machine's file has opened on import would keep it here.
process.exit(await runCommand(args, process));
