import type { Clock } from '../define/clock.ts';
import { questionKey } from '../mailbox/redis-keys.ts';
import type { Logger } from '../observe/logger.ts';
import { ForeignKeys } from '../redis/foreign-keys.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { StreamReader } from '../redis/stream-reader.ts';
import type { AskedQuestion, NodeQuestions, QuestionInbox } from './question.ts';

export interface RedisQuestionsOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
}

/** Questions kept for a node that reads slowly; who asked the older ones is told that there was no answer. */
const questionsKept = 200;
/** What nobody has read by then, nobody waits for. */
const ttlMs = 60_000;
const blockMs = 1_000;

/** Leaves questions in the streams of nodes. */
export class RedisQuestions implements NodeQuestions {
  readonly #options: RedisQuestionsOptions;
  readonly #foreign: ForeignKeys;

  constructor(options: RedisQuestionsOptions) {
    this.#options = options;
    this.#foreign = new ForeignKeys(options);
  }

  async send(node: string, asked: AskedQuestion): Promise<void> {
    const { redis, namespace } = this.#options;
    const stream = questionKey(namespace, node);
    const text = JSON.stringify(asked);
    await this.#foreign.healed(
      () => ({ [stream]: 'stream' }),
      async () => {
        const added = redis.xadd(stream, 'MAXLEN', '~', questionsKept, '*', 'q', text);
        await Promise.all([added, redis.pexpire(stream, ttlMs)]);
      },
    );
  }
}

/** A node's stream of questions. Each is heard once or more. */
export class RedisQuestionInbox implements QuestionInbox {
  readonly #reader: StreamReader;
  readonly #stream: string;
  readonly #options: RedisQuestionsOptions;

  constructor(
    options: RedisQuestionsOptions & {
      readonly node: string;
      readonly onQuestion: (asked: AskedQuestion) => void;
    },
  ) {
    const { node, namespace, onQuestion } = options;
    this.#options = options;
    this.#stream = questionKey(namespace, node);
    this.#reader = new StreamReader({
      ...options,
      what: 'questions of operators',
      blockMs,
      from: 'first',
      onEntry: (_, _id, [, text]) => onQuestion(JSON.parse(String(text)) as AskedQuestion),
    });
    this.#reader.add(this.#stream);
  }

  async close(): Promise<void> {
    const { redis, logger } = this.#options;
    await this.#reader.close();
    await redis.del(this.#stream).catch((error: unknown) => {
      logger.debug({ err: error }, 'the questions of this node stay until they run out');
    });
  }
}
