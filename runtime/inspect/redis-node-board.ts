import { createHash } from 'node:crypto';
import { boardKeys } from '../mailbox/redis-keys.ts';
import type { Logger } from '../observe/logger.ts';
import { ForeignKeys } from '../redis/foreign-keys.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { redisScript } from '../redis/redis-script.ts';
import type { ContractReport } from './contract-report.ts';
import { stepsKept, type NodeBoard, type NodePost, type ShardStep } from './node-board.ts';
import type { NodeDetails } from './node-report.ts';

/** KEYS: report, contracts, steps. ARGV: time to live, report, steps kept, steps. Returns whether the contracts are there. */
const postScript = `
local call = redis.call
if ARGV[2] == '' then call('DEL', KEYS[1]) else call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1]) end
for i = 4, #ARGV do call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 's', ARGV[i]) end
return call('PEXPIRE', KEYS[2], ARGV[1])
`;

/** What a node says of itself, and where its contracts lie: those of many nodes are the same. */
interface StoredReport {
  readonly details: NodeDetails;
  readonly contracts: string;
}

/** Contracts stay when the report that names them is about to be written again. */
const contractsTtlFactor = 2;

const scriptsOn = (redis: RedisConnection) => ({ post: redisScript<number>(redis, 3, postScript) });

export interface RedisNodeBoardOptions {
  readonly redis: RedisConnection;
  readonly logger: Logger;
  readonly namespace: string;
}

/** Reports in Redis, in the slot of the members: one small script a second from each node. */
export class RedisNodeBoard implements NodeBoard {
  readonly #redis: RedisConnection;
  readonly #scripts: ReturnType<typeof scriptsOn>;
  readonly #foreign: ForeignKeys;
  readonly #keys: ReturnType<typeof boardKeys>;
  /** Contracts are made once, and their text is looked at once. */
  readonly #texts = new WeakMap<
    readonly ContractReport[],
    { readonly text: string; readonly name: string }
  >();

  constructor({ redis, logger, namespace }: RedisNodeBoardOptions) {
    this.#redis = redis;
    this.#scripts = scriptsOn(redis);
    this.#foreign = new ForeignKeys({ redis, logger });
    this.#keys = boardKeys(namespace);
  }

  async post(node: string, { details, contracts, steps }: NodePost, ttlMs: number): Promise<void> {
    const { text, name } = this.#textOf(contracts);
    const report = JSON.stringify({ details, contracts: name } satisfies StoredReport);
    const isThere = await this.#post(node, report, name, steps, ttlMs);
    if (isThere) return;
    await this.#redis.set(this.#keys.contracts(name), text, 'PX', ttlMs * contractsTtlFactor);
  }

  async remove(node: string, steps: readonly ShardStep[]): Promise<void> {
    await this.#post(node, '', '', steps, 1);
  }

  async details(nodes: readonly string[]): Promise<(NodeDetails | undefined)[]> {
    const reports = await this.#reports(nodes);
    return reports.map((report) => report?.details);
  }

  async contracts(nodes: readonly string[]): Promise<(readonly ContractReport[])[]> {
    const reports = await this.#reports(nodes);
    const names = new Set(reports.flatMap((report) => (report === undefined ? [] : [report.contracts])));
    const texts = await this.#read([...names].map((name) => this.#keys.contracts(name)));
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as readonly ContractReport[]]));
  }

  async steps(limit: number): Promise<ShardStep[]> {
    const { steps } = this.#keys;
    const entries = await this.#foreign.healed(
      () => ({ [steps]: 'stream' }),
      () => this.#redis.xrevrange(steps, '+', '-', 'COUNT', limit),
    );
    return entries.map(([, [, text]]) => JSON.parse(String(text)) as ShardStep);
  }

  async #post(
    node: string,
    report: string,
    contracts: string,
    steps: readonly ShardStep[],
    ttlMs: number,
  ): Promise<boolean> {
    const keys = [this.#keys.report(node), this.#keys.contracts(contracts), this.#keys.steps] as const;
    const [reportKey, contractsKey, stepsKey] = keys;
    const told = steps.map((step) => JSON.stringify(step));
    const found = await this.#foreign.healed(
      () => ({ [reportKey]: 'string', [contractsKey]: 'string', [stepsKey]: 'stream' }),
      () => this.#scripts.post(...keys, ttlMs, report, stepsKept, ...told),
    );
    return found === 1;
  }

  async #reports(nodes: readonly string[]): Promise<(StoredReport | undefined)[]> {
    const texts = await this.#read(nodes.map((node) => this.#keys.report(node)));
    return texts.map((text) => (text === null ? undefined : (JSON.parse(text) as StoredReport)));
  }

  async #read(keys: readonly string[]): Promise<(string | null)[]> {
    return keys.length === 0 ? [] : this.#redis.mget(...keys);
  }

  #textOf(contracts: readonly ContractReport[]): { readonly text: string; readonly name: string } {
    const known = this.#texts.get(contracts);
    if (known !== undefined) return known;
    const text = JSON.stringify(contracts);
    const made = { text, name: createHash('sha1').update(text).digest('hex') };
    this.#texts.set(contracts, made);
    return made;
  }
}
