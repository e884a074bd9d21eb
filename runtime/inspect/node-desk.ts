import type { RedisConnection } from '../redis/redis-connection.ts';
import { contractReport } from './contract-report.ts';
import type { NodeMeter } from './node-meter.ts';
import { NodeReporter } from './node-reporter.ts';
import { openProcessFacts } from './process-facts.ts';
import { QuestionDesk, type QuestionDeskOptions } from './question-desk.ts';
import { RedisNodeBoard } from './redis-node-board.ts';
import { RedisQuestionInbox } from './redis-questions.ts';

export interface NodeDeskOptions extends QuestionDeskOptions {
  readonly redis: RedisConnection;
  readonly namespace: string;
  readonly meter: NodeMeter;
  readonly version?: string;
  /** Shards that the node holds now. */
  readonly held: () => number;
  readonly memoryInUse: () => number;
}

/** Lets operators see a node on Redis, and ask it. */
export function openNodeDesk(options: NodeDeskOptions): { close(): Promise<void> } {
  const { actors, version = '', held } = options;
  const facts = openProcessFacts();
  const desk = new QuestionDesk(options);
  const inbox = new RedisQuestionInbox({ ...options, onQuestion: (asked) => desk.take(asked) });
  const reporter = new NodeReporter({
    ...options,
    ...{ version, facts, shards: held },
    board: new RedisNodeBoard(options),
    contracts: actors.hosted.map(contractReport),
  });
  return {
    async close() {
      facts.close();
      await Promise.all([inbox.close(), reporter.close()]);
    },
  };
}
