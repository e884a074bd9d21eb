import { optionsOfParent } from '../../shop/environment.ts';
import type { ConsoleAccess } from './console/console-client.ts';
import { openTabs, type TabsReport } from './console/open-tabs.ts';

/* The process of those who look at a console while the shop is loaded. Its parent talks to it over IPC. */

export interface PollerOrder {
  readonly do: 'open' | 'close';
}

process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => process.exit(0));

const nothing: TabsReport = { polls: 0, slowestMs: 0 };
const access = optionsOfParent() as ConsoleAccess;
let tabs: ReturnType<typeof openTabs> | undefined;

async function carryOut(order: PollerOrder): Promise<TabsReport> {
  if (order.do === 'open') {
    tabs = openTabs(access, Math.random);
    return nothing;
  }
  const report = await tabs?.close();
  tabs = undefined;
  return report ?? nothing;
}

process.on('message', (order: PollerOrder) => {
  carryOut(order).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ problem: `${order.do}: ${(error as Error).message}` }),
  );
});
process.send?.(nothing);
