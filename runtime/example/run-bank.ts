import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { codeOf, createLogger, openClusterClient, openClusterNode, systemClock } from '../index.ts';
import { SqliteStateStore } from '../storage/sqlite/sqlite-state-store.ts';
import { BankAccount, createBankAccount } from './bank-account.ts';

/** Runs a node with accounts in a SQLite file, transfers some money, and says how it went. */
export async function runBank(redisUrl: string, file: string): Promise<string[]> {
  const redis = new Redis(redisUrl, { enableAutoPipelining: true });
  const store = await SqliteStateStore.open({ file, actorType: BankAccount.type });
  const shared = { redis, clock: systemClock, logger: createLogger('warn'), newId: randomUUID };
  const client = openClusterClient(shared);
  const actors = [{ actor: createBankAccount(client.refs), store }];
  const node = await openClusterNode({ ...shared, actors, random: Math.random });

  const ann = client.refs.ref(BankAccount, `ann-${randomUUID().slice(0, 8)}`);
  const ben = client.refs.ref(BankAccount, `ben-${randomUUID().slice(0, 8)}`);
  await ann.ask('Deposit', { cents: 5_000 });
  const sent = await ann.ask('Transfer', { to: ben.key, cents: 12_000 });
  const refused = await ben.ask('Withdraw', { cents: 30_000 }).then(() => 'paid out', codeOf);
  const received = await ben.ask('GetBalance', {});

  await node.close();
  await client.close();
  store.close();
  redis.disconnect();
  return [
    `ann: ${sent.balanceCents} cents`,
    `ben: ${received.balanceCents} cents`,
    `too much to withdraw: ${refused}`,
  ];
}
