/* `npm run bench -- NAME [options]`: each bench says with --help what it measures. */

type Run = (args: string[]) => Promise<number>;

/** Loaded only when asked for, so that one bench does not pay for another. */
const benches: Readonly<Record<string, () => Promise<Run>>> = {
  mailbox: async () => (await import('./mailbox.ts')).benchMailbox,
  shop: async () => (await import('./shop.ts')).benchShop,
  sizing: async () => (await import('./sizing.ts')).benchSizing,
};

const [name = '', ...args] = process.argv.slice(2);
const load = benches[name];
if (load === undefined) {
  const asked = name === '--help';
  const usage = `Usage: npm run bench -- ${Object.keys(benches).join(' | ')} [--help]\n`;
  process[asked ? 'stdout' : 'stderr'].write(usage);
  process.exitCode = asked ? 0 : 2;
} else {
  const run = await load();
  process.exitCode = await run(args);
}
