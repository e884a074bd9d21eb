import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RedisConnection } from '@trolley/runtime';
import { startRedis } from '../../shop/servers/embedded-redis.ts';
import type { EmbeddedServer } from '../../shop/servers/embedded-server.ts';
import { connectRedis } from './cluster-connection.ts';

export interface RestartableRedisOptions {
  readonly dataDir: string;
  readonly searchPath: string;
  /** With a log of all writes, flushed each second; else a restart begins empty. */
  readonly durable: boolean;
}

/** `appendfsync everysec`. */
const flushIntervalMs = 1_000;

/** A Redis of the scenario's own, which comes back on the same port and the same files. */
export class RestartableRedis {
  readonly #options: RestartableRedisOptions;
  #server: EmbeddedServer;

  private constructor(options: RestartableRedisOptions, server: EmbeddedServer) {
    this.#options = options;
    this.#server = server;
  }

  static async start(options: RestartableRedisOptions): Promise<RestartableRedis> {
    return new RestartableRedis(options, await startRedis(options));
  }

  get url(): string {
    return this.#server.url;
  }

  /**
   * Ends it with kill -9. What Redis had handed to the system survives that; what a machine that loses its power
   * forgets, the writes since the last flush to disk, is cut off its log here.
   */
  async kill(): Promise<void> {
    const before = this.#logs();
    await delay(flushIntervalMs);
    this.#server.kill();
    await this.#server.exited;
    for (const { file, bytes } of before) if (statSync(file).size > bytes) truncateSync(file, bytes);
  }

  async startAgain(): Promise<void> {
    this.#server = await startRedis({ ...this.#options, port: this.#server.port });
  }

  async flush(): Promise<void> {
    await this.#ask((redis) => redis.flushall());
  }

  async keys(): Promise<string[]> {
    return this.#ask((redis) => redis.keys('*'));
  }

  /** The files that Redis appends to, if it keeps a log. */
  #logs(): { file: string; bytes: number }[] {
    const folder = join(this.#options.dataDir, 'redis');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.incr.aof') || name.endsWith('appendonly.aof'))
      .map((name) => join(folder, name))
      .map((file) => ({ file, bytes: statSync(file).size }));
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  async #ask<T>(question: (redis: RedisConnection) => Promise<T>): Promise<T> {
    const redis = await connectRedis(this.url);
    try {
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  }
}
