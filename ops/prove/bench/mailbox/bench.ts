import { Redis } from 'ioredis';
import type { Bar } from '../measure/bar.ts';
import { startHost, type HostProcess } from './host-process.ts';
import { inOrder, type HostSettings, type Variant, type VariantName } from './variant.ts';
import { openFloor } from './floor-variant.ts';
import { openPlain } from './plain-variant.ts';
import { openTrolley } from './trolley-variant.ts';

/** What lies behind the bars: a line of absolute figures. */
export interface Figure {
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

export interface Result {
  readonly bars: readonly Bar[];
  readonly figures: readonly Figure[];
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  run(bench: Bench): Promise<Result>;
}

/** One variant under way: its client here, its host in a process of its own. */
export interface Contender {
  readonly name: VariantName;
  readonly variant: Variant;
  readonly host: HostProcess;
  close(): Promise<void>;
}

const defaults = { ...inOrder, store: 'kept', idleMs: 600_000, leaseMs: 3_000 } as const;
let opened = 0;

export interface BenchOptions {
  readonly redisUrl: string;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

/** What scenarios share: the Redis of the run, and ways to open contenders on it. */
export class Bench {
  readonly quick: boolean;
  readonly repetitions: number;
  readonly say: (line: string) => void;
  /** For looking at the server; no variant uses it. */
  readonly redis: Redis;
  readonly #redisUrl: string;

  constructor({ redisUrl, quick, say }: BenchOptions) {
    this.quick = quick;
    this.repetitions = quick ? 3 : 5;
    this.say = say;
    this.#redisUrl = redisUrl;
    this.redis = new Redis(redisUrl);
  }

  /** A connection set up as in production. */
  connect(): Redis {
    const redis = new Redis(this.#redisUrl, { maxRetriesPerRequest: null });
    redis.on('error', () => undefined);
    return redis;
  }

  /** A name that nothing in this run has used. */
  namespace(name: string): string {
    return `${name}-${++opened}`;
  }

  startHost(
    variant: VariantName,
    namespace: string,
    settings: Partial<HostSettings> = {},
    nodeOptions: string[] = [],
  ): Promise<HostProcess> {
    return startHost({ ...defaults, ...settings, variant, namespace, redisUrl: this.#redisUrl }, nodeOptions);
  }

  openVariant(name: VariantName, namespace: string): Variant {
    const redis = this.connect();
    const open = { trolley: openTrolley, plain: openPlain, floor: openFloor }[name];
    const variant = open(redis, namespace);
    return {
      ...variant,
      async close() {
        await variant.close();
        redis.disconnect();
      },
    };
  }

  async open(name: VariantName, settings: Partial<HostSettings> = {}): Promise<Contender> {
    const namespace = this.namespace(name);
    const host = await this.startHost(name, namespace, settings);
    const variant = this.openVariant(name, namespace);
    return {
      name,
      variant,
      host,
      async close() {
        await variant.close();
        await host.stop();
      },
    };
  }
}
