import { runBank } from './run-bank.ts';

/** `npx tsx --conditions=@trolley/source runtime/example/main.ts [redis://127.0.0.1:6379] [file]` */
const [redisUrl = 'redis://127.0.0.1:6379', file = '.data/bank.db'] = process.argv.slice(2);
for (const line of await runBank(redisUrl, file)) process.stdout.write(`${line}\n`);
