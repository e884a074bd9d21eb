import { pause, type Clock } from '../define/clock.ts';
import type { Logger } from '../observe/logger.ts';
import { levelOfRetry } from '../observe/reason.ts';
import type { ContractReport } from './contract-report.ts';
import type { NodeBoard } from './node-board.ts';
import type { NodeMeter } from './node-meter.ts';
import type { NodeDetails } from './node-report.ts';
import type { ProcessFacts } from './process-facts.ts';

export interface NodeReporterOptions {
  readonly node: string;
  readonly version: string;
  readonly board: NodeBoard;
  readonly meter: NodeMeter;
  readonly facts: Omit<ProcessFacts, 'close'>;
  readonly contracts: readonly ContractReport[];
  /** Shards that it holds now. */
  readonly shards: () => number;
  readonly memoryInUse: () => number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const reportMs = 1_000;
/** What a node said last is there for some reports that do not get through. */
const ttlMs = 10_000;

/** Posts what is to be seen of a node, once a second, until it is closed. */
export class NodeReporter {
  readonly #options: NodeReporterOptions;
  readonly #startedAt: number;
  readonly #closing = new AbortController();
  readonly #loop: Promise<void>;
  #failures = 0;

  constructor(options: NodeReporterOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#loop = this.#run();
  }

  /** What there is to tell now; rates are since it was asked last. */
  details(): NodeDetails {
    const { version, meter, facts, shards, memoryInUse, clock } = this.#options;
    return {
      ...{ process: facts.process, version, startedAt: this.#startedAt, lastSeenAt: clock.now() },
      shards: shards(),
      ...meter.take(),
      loopDelayMs: facts.loopDelayMs(),
      memoryInUse: Math.round(memoryInUse() * 1_000) / 1_000,
      residentBytes: facts.residentBytes(),
    };
  }

  /** After the node has left: tells of its last steps. */
  async close(): Promise<void> {
    const { node, board, meter, logger } = this.#options;
    this.#closing.abort();
    await this.#loop;
    await board
      .remove(node, meter.takeSteps())
      .catch((error: unknown) =>
        logger.debug({ err: error }, 'the report of this node stays until it runs out'),
      );
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#post();
      await pause(clock, reportMs, signal);
    }
  }

  async #post(): Promise<void> {
    const { node, board, meter, contracts, logger } = this.#options;
    const steps = meter.takeSteps();
    try {
      await board.post(node, { details: this.details(), contracts, steps }, ttlMs);
      this.#failures = 0;
    } catch (error) {
      // It may have happened all the same: a step that is told twice does no harm.
      meter.putBack(steps);
      // Once for each time; what follows only says the same.
      const level = this.#failures++ === 0 ? levelOfRetry(error) : 'debug';
      logger[level]({ err: error }, 'what is to be seen of this node cannot be posted for now');
    }
  }
}
