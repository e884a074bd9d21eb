import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { silentLogger, systemClock } from '@trolley/runtime';
import { RedisInbox } from '@trolley/runtime/adapters';

export interface Answers {
  /** The inbox that answers go to. */
  readonly inbox: string;
  waitFor(id: string): Promise<void>;
  close(): Promise<void>;
}

/** The asking side of plain BullMQ and of the floor: the same inbox stream as the runtime's. */
export function openAnswers(redis: Redis, namespace: string): Answers {
  const inbox = new RedisInbox({
    redis,
    clock: systemClock,
    logger: silentLogger,
    namespace,
    process: randomUUID(),
  });
  const waiting = new Map<string, () => void>();
  inbox.onReply(({ id }) => {
    waiting.get(id)?.();
    waiting.delete(id);
  });
  return {
    inbox: inbox.name,
    waitFor: (id) => new Promise((resolve) => waiting.set(id, resolve)),
    close: () => inbox.close(),
  };
}
