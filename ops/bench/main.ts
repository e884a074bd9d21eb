/* `npm run bench -- NAME [options]`: each bench says with --help what it measures. */

type Run = (args: string[]) => Promise<number>;

/** Loaded only when asked for, so that one bench does not pay for another. */
const benches: Readonly<Record<string, () => Promise<Run>>> = {
  mailbox: async () => (await import('./mailbox.ts')).benchMailbox,
};

const [name = '', ...args] = process.argv.slice(2);
const load = benches[name];
if (load === undefined) {
  process.stderr.write(`Usage: npm run bench -- ${Object.keys(benches).join(' | ')} [--help]\n`);
  process.exitCode = 2;
} else {
  const run = await load();
  process.exitCode = await run(args);
}
