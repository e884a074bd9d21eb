import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { silentLogger, systemClock } from '@trolley/runtime';
import {
  addressOf,
  wakeKey,
  leaseKey,
  RedisReplies,
  redisScript,
  shardPrefix,
} from '@trolley/runtime/adapters';
import { openAnswers } from './answers.ts';
import { floorFinish, floorSend } from './floor-scripts.ts';
import { input, type Host, type HostSettings, type Variant } from './variant.ts';

interface FloorMessage {
  readonly id: string;
  readonly input: typeof input;
  readonly replyTo?: string;
}

const shards = 64;
const mailboxLimit = 1_000;
const wakeUpsKept = 1_000;
const messagesPerTurn = 16;
const blockMs = 200;
const token = 'floor#1';

/** The protocol of the runtime on a bare list and hash, without the runtime: what is left is Redis and Node. */
export function openFloor(redis: Redis, namespace: string): Variant {
  const sendMessage = redisScript<number>(redis, 1, floorSend);
  const answers = openAnswers(redis, namespace);
  const send = async (key: string, message: FloorMessage) => {
    const { id, shard } = addressOf('tally', key, shards);
    const added = await sendMessage(
      leaseKey(namespace, shard),
      shardPrefix(namespace, shard),
      id,
      Date.now(),
      message.id,
      JSON.stringify(message),
      mailboxLimit,
      wakeUpsKept,
    );
    if (added !== 1) throw new Error(`the floor took ${message.id} with ${added}`);
  };
  return {
    async ask(key) {
      const id = randomUUID();
      const answered = answers.waitFor(id);
      await send(key, { id, input, replyTo: answers.inbox });
      await answered;
    },
    tell: (key) => send(key, { id: randomUUID(), input }),
    close: () => answers.close(),
  };
}

export async function hostFloor(
  redis: Redis,
  { namespace }: HostSettings,
  onHandled: () => void,
): Promise<Host> {
  const finish = redisScript<string[]>(redis, 1, floorFinish);
  const replies = new RedisReplies(redis, systemClock, silentLogger);
  const totals = new Map<string, number>();
  const all = Array.from({ length: shards }, (_, shard) => shard);
  await Promise.all(all.map((shard) => redis.set(leaseKey(namespace, shard), token)));

  async function work(shard: number, actor: string, first: string): Promise<void> {
    let messages = [first];
    while (messages.length > 0) {
      const answering: Promise<void>[] = [];
      const done: string[] = [];
      for (const text of messages) {
        const { id, input, replyTo } = JSON.parse(text) as FloorMessage;
        onHandled();
        const total = (totals.get(actor) ?? 0) + input.by;
        totals.set(actor, total);
        done.push(id);
        if (replyTo !== undefined) answering.push(replies.send(replyTo, { id, answer: { ok: { total } } }));
      }
      messages = await finish(
        leaseKey(namespace, shard),
        shardPrefix(namespace, shard),
        actor,
        token,
        messagesPerTurn,
        ...done,
      );
      await Promise.all(answering);
    }
  }

  const reader = redis.duplicate();
  const seen = new Map(all.map((shard) => [wakeKey(namespace, shard), { shard, id: '0' }]));
  let closing = false;
  const listen = async () => {
    while (!closing) {
      const ids = [...seen.values()].map(({ id }) => id);
      const woken = await reader.xread('COUNT', 1000, 'BLOCK', blockMs, 'STREAMS', ...seen.keys(), ...ids);
      for (const [stream, entries] of woken ?? []) {
        const at = seen.get(stream);
        if (at === undefined) continue;
        for (const [id, [, actor = '', , data = '']] of entries) {
          at.id = id;
          void work(at.shard, actor, data);
        }
      }
    }
  };
  const listening = listen();
  return {
    async close() {
      closing = true;
      await listening;
      reader.disconnect();
    },
  };
}
