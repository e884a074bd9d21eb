import type { Clock, Logger, RedisConnection } from '@trolley/runtime';
import { batchedScript, ChannelReader } from '@trolley/runtime/adapters';
import type { ChangedThing, ChangeSubscriber, ChangePublisher } from './change-notices.contract.ts';

const prefix = 'changes:';

/** Where notices about a user are published; what changes a cart's view publishes there itself. */
export function changesOf(userId: number): string {
  return `${prefix}${userId}`;
}

interface NoticesOptions {
  readonly redis: RedisConnection;
  readonly logger: Logger;
}

const publishScript = `return redis.call('PUBLISH', KEYS[1], ARGV[1])`;

/** By publishing, which costs Redis next to nothing where nobody listens. */
export function createRedisChangePublisher({ redis, logger }: NoticesOptions): ChangePublisher {
  const notify = batchedScript<number>(redis, 'notices of changes', publishScript);
  return {
    publish(userId, thing) {
      notify(changesOf(userId), thing).catch((err: unknown) => {
        // Who follows looks by itself after a while.
        logger.debug({ err, userId, thing }, 'a change was not told of');
      });
    },
  };
}

export type RedisChangeSubscriber = ChangeSubscriber & { close(): Promise<void> };

/** A channel per user, on one connection that is made for the first who is followed. */
export function createRedisChangeSubscriber(
  options: NoticesOptions & { readonly clock: Clock },
): RedisChangeSubscriber {
  const followers = new Map<string, Set<(thing?: ChangedThing) => void>>();
  const tell = (channel: string, thing?: ChangedThing) => {
    for (const heard of followers.get(channel) ?? []) heard(thing);
  };
  const reader = new ChannelReader({
    ...options,
    what: 'notices of changes',
    onMessage: (channel, message) => tell(channel, thingOf(message)),
    onListening: (channel) => tell(channel),
  });
  return {
    subscribe(userId, heard) {
      const channel = changesOf(userId);
      const those = followers.get(channel) ?? new Set();
      those.add(heard);
      if (!followers.has(channel)) {
        followers.set(channel, those);
        reader.add(channel);
      }
      return () => {
        if (!those.delete(heard) || those.size > 0) return;
        followers.delete(channel);
        reader.remove(channel);
      };
    },
    close: () => reader.close(),
  };
}

/** Anything else, such as the word of a later release, is a notice about anything. */
function thingOf(message: string): ChangedThing | undefined {
  return message === 'cart' || message === 'checkout' || message === 'order' ? message : undefined;
}
