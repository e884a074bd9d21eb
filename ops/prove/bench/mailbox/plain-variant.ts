import { randomUUID } from 'node:crypto';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { silentLogger, systemClock } from '@trolley/runtime';
import { RedisReplies } from '@trolley/runtime/adapters';
import { openAnswers } from './answers.ts';
import { input, messageName, type Host, type HostSettings, type Variant } from './variant.ts';

interface PlainMessage {
  readonly key: string;
  readonly input: typeof input;
  /** Present in an ask. */
  readonly id?: string;
  readonly replyTo?: string;
}

/** BullMQ as one would use it without this runtime: one queue for all keys, one Worker. */
export function openPlain(redis: Redis, namespace: string): Variant {
  const queue = new Queue<PlainMessage>(namespace, { connection: redis });
  const answers = openAnswers(redis, namespace);
  const options = { removeOnComplete: true, removeOnFail: true };
  return {
    async ask(key) {
      const id = randomUUID();
      const answered = answers.waitFor(id);
      await queue.add(messageName, { key, input, id, replyTo: answers.inbox }, options);
      await answered;
    },
    async tell(key) {
      await queue.add(messageName, { key, input }, options);
    },
    async close() {
      await answers.close();
      await queue.close();
    },
  };
}

export async function hostPlain(
  redis: Redis,
  { namespace, concurrency }: HostSettings,
  onHandled: () => void,
): Promise<Host> {
  const replies = new RedisReplies(redis, systemClock, silentLogger);
  const totals = new Map<string, number>();
  const worker = new Worker<PlainMessage>(
    namespace,
    async ({ data }) => {
      onHandled();
      const total = (totals.get(data.key) ?? 0) + data.input.by;
      totals.set(data.key, total);
      if (data.id === undefined || data.replyTo === undefined) return;
      await replies.send(data.replyTo, { id: data.id, answer: { ok: { total } } });
    },
    { connection: redis, concurrency },
  );
  await worker.waitUntilReady();
  return { close: () => worker.close() };
}
