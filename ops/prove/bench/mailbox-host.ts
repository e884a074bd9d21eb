import { optionsOfParent } from '../../shop/environment.ts';
import { Redis } from 'ioredis';
import { hostFloor } from './mailbox/floor-variant.ts';
import type { HostOrder, HostReport } from './mailbox/host-process.ts';
import { hostPlain } from './mailbox/plain-variant.ts';
import { hostTrolley } from './mailbox/trolley-variant.ts';
import type { HostSettings } from './mailbox/variant.ts';

/* The process that handles the messages of one variant. Its parent talks to it over IPC; SIGTERM ends it well. */

const settings = optionsOfParent() as HostSettings;
const redis = new Redis(settings.redisUrl, { maxRetriesPerRequest: null });
redis.on('error', () => undefined);

let handled = 0;
let awaited: { count: number; report: () => void } | undefined;
const onHandled = () => {
  handled++;
  if (awaited !== undefined && handled >= awaited.count) awaited.report();
};

const open = { trolley: hostTrolley, plain: hostPlain, floor: hostFloor }[settings.variant];
const host = await open(redis, settings, onHandled);

function report(): void {
  const { heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const sent: HostReport = {
    handled,
    cpuMicros: user + system,
    heapBytes: heapUsed + external,
    activations: host.activations ?? 0,
  };
  process.send?.(sent);
}

async function end(): Promise<void> {
  await host.close();
  redis.disconnect();
  process.exit(0);
}

process.on('message', (order: HostOrder) => {
  switch (order.do) {
    case 'report':
      return report();
    case 'collect':
      globalThis.gc?.();
      return report();
    case 'await':
      if (handled >= order.handled) return report();
      awaited = {
        count: order.handled,
        report() {
          awaited = undefined;
          report();
        },
      };
  }
});
process.once('SIGTERM', () => void end());
// The parent is gone, or wants no more.
process.once('disconnect', () => process.exit(1));
report();
