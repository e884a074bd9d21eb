import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createStandardLogger, openLineOutput } from '@trolley/runtime/observe';
import { calm } from '../e2e/shop-environment.ts';
import type * as Compose from '../../shop/compose.ts';
import { parseConfig } from '../../shop/config/parse-config.ts';
import { optionsOfParent } from '../../shop/environment.ts';
import { createLifecycle } from '../../shop/process/lifecycle.ts';
import { variantNames, variants, type VariantName } from './tracing/variants.ts';

/* The process of both shops that are measured: one as it is, one of other sources. */

export interface TracingHostReport {
  readonly urls: Readonly<Record<string, string>>;
  /** Where each of them logs. */
  readonly logs: Readonly<Record<string, string>>;
  /** Processor time of this process so far, its servers left out. */
  readonly processorMicros: number;
}

const { folder } = optionsOfParent() as { readonly folder: string };
const silent = { done: () => undefined, say: () => undefined, warn: () => undefined, fail: () => undefined };
const stops: (() => Promise<unknown>)[] = [];
const dataDirOf = (name: VariantName) => join(folder, name.replaceAll(' ', '-'));
const logOf = (name: VariantName) => `${dataDirOf(name)}.log`;

async function open(name: VariantName): Promise<string> {
  const dataDir = dataDirOf(name);
  mkdirSync(dataDir);
  // Whatever else the machine does meanwhile, nothing is to be refused.
  const own = { DATA_DIR: dataDir, LOG_LEVEL: 'info', SHED_ABOVE_MS: '0', GATEWAY_PROCESSES: '0' };
  const config = parseConfig({ ...calm, ...own, SEED_STOCK: '1000000000' });
  const output = openLineOutput({ fd: openSync(logOf(name), 'a') }, { together: true });
  const log = createStandardLogger({ level: config.logLevel, output, base: {} });
  const lifecycle = createLifecycle({ progress: silent, log });
  stops.push(() => lifecycle.stop());
  const { startTrolley } = (await import(variants[name])) as typeof Compose;
  const { gatewayUrl = '' } = await startTrolley(config, lifecycle, log);
  return gatewayUrl;
}

async function stopAll(): Promise<void> {
  for (const stop of stops.toReversed()) await stop();
  process.exit(0);
}
process.once('disconnect', () => void stopAll());
process.once('SIGTERM', () => void stopAll());

const urls: Record<string, string> = {};
for (const name of variantNames) urls[name] = await open(name);
const logs = Object.fromEntries(variantNames.map((name) => [name, logOf(name)]));
const report = (): TracingHostReport => {
  const { user, system } = process.cpuUsage();
  return { urls, logs, processorMicros: user + system };
};
process.on('message', () => process.send?.(report()));
process.send?.(report());
