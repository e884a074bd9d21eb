import { randomUUID } from 'node:crypto';
import { connect, isRefusal, type ActorRef } from '@trolley/runtime';
import { SqliteStateStore } from '@trolley/runtime/sqlite';
import { BankAccount, bankAccount } from './bank-account.ts';

/** Runs a node with accounts in a SQLite file, transfers some money, and says how it went. */
export async function runBank(redisUrl: string, file: string): Promise<string[]> {
  await using store = await SqliteStateStore.open({ file, actorType: BankAccount.type });
  await using bank = await connect({ redis: redisUrl });
  await bank.host([{ actor: bankAccount, store }]);

  const ann = bank.ref(BankAccount, `ann-${randomUUID().slice(0, 8)}`);
  const ben = bank.ref(BankAccount, `ben-${randomUUID().slice(0, 8)}`);
  await ann.deposit({ cents: 5_000 });
  const sent = await ann.transfer({ to: ben.key, cents: 12_000 });
  const refused = await withdraw(ben, 30_000);
  const received = await ben.getBalance();
  return [
    `ann: ${sent.balanceCents} cents`,
    `ben: ${received.balanceCents} cents`,
    `too much to withdraw: ${refused}`,
  ];
}

async function withdraw(account: ActorRef<typeof BankAccount.messages>, cents: number): Promise<string> {
  try {
    await account.withdraw({ cents });
    return 'paid out';
  } catch (error) {
    if (!isRefusal(BankAccount, error, 'overdrawn')) throw error;
    return `overdrawn by ${error.details.limitCents} cents at most`;
  }
}
