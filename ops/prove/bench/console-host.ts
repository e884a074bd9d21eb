import { optionsOfParent } from '../../shop/environment.ts';
import { openConsole, type ConsoleServers } from './console/open-console.ts';
import { readsOf, type TableRead } from './console/plans.ts';
import { seedEvents, seedMailboxes } from './console/seed-mailboxes.ts';

/* The process of a console that is looked at. Its parent talks to it over IPC; it ends with a signal. */

export type ConsoleOrder =
  | { readonly do: 'seed'; readonly mailboxes: number }
  /** How the statements so far read the big tables. */
  | { readonly do: 'explain' };

export interface ConsoleReport {
  readonly url: string;
  readonly authorization: string;
  readonly reads: readonly TableRead[];
}

process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => process.exit(0));

const opened = await openConsole(optionsOfParent() as ConsoleServers);
const { url, authorization } = opened;

async function carryOut(order: ConsoleOrder): Promise<ConsoleReport> {
  if (order.do === 'seed') {
    await seedMailboxes(opened.cluster, order);
    await seedEvents(opened.log, (n) => 1 + (n % 5_000));
    return { url, authorization, reads: [] };
  }
  return { url, authorization, reads: await readsOf(opened.pool, opened.statements()) };
}

process.on('message', (order: ConsoleOrder) => {
  carryOut(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ problem: `${order.do}: ${(error as Error).message}` }),
  );
});
process.send?.({ url, authorization, reads: [] } satisfies ConsoleReport);
