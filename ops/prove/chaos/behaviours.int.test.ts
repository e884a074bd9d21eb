import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import {
  type Actor,
  type Client,
  type ClusterNode,
  codeOf,
  defineActor,
  defineContract,
  silentLogger,
  systemClock,
} from '@trolley/runtime';
import {
  addressOf,
  BullMqMailbox,
  openClusterClient,
  openClusterNode,
  RedisInbox,
  type Reply,
} from '@trolley/runtime/adapters';
import { MemoryStateStore } from '@trolley/runtime/testing';
import { testRedisUrl } from '@trolley/runtime/testing/suites';
import { z } from 'zod';
import { eventually } from '../e2e/eventually.ts';

const Count = z.object({ count: z.int() });
const messages = {
  Add: { input: z.object({ text: z.string().default('') }), output: Count },
  Throw: { input: z.object({}), output: Count },
  Garble: { input: z.object({}), output: Count },
  Hang: { input: z.object({}), output: Count },
};
const Odd = defineContract({ type: 'odd', key: z.string().min(1), messages });
/** What a caller of a newer release knows. */
const NewerOdd = defineContract({
  type: 'odd',
  key: z.string().min(1),
  messages: { ...messages, Subtract: { input: z.object({}), output: Count } },
});
const Stranger = defineContract({ type: 'stranger', key: z.string().min(1), messages });

const oddActor = defineActor(Odd, {
  state: Count,
  initial: () => ({ count: 0 }),
  effects: { Never: () => new Promise<never>(() => undefined) },
  receive: {
    Add(turn) {
      turn.set({ count: turn.state.count + 1 });
      return turn.state;
    },
    Throw(turn) {
      turn.set({ count: -1 });
      throw new Error('a secret of the handler');
    },
    Garble(turn) {
      turn.set({ count: -1 });
      return { count: 'many' } as unknown as { count: number };
    },
    Hang(turn) {
      turn.perform('Never', undefined);
      return turn.defer();
    },
  },
  onResult: {
    Never(turn, outcome) {
      if (!outcome.ok) turn.refuseWaiting(outcome.error);
    },
  },
});

describe('a cluster with actors and callers that behave badly', () => {
  const shards = 4;
  const mailboxLimit = 5;
  let namespace: string;
  let redis: Redis;
  let client: Client;
  let nodes: ClusterNode[];

  const options = () => ({
    ...{ redis, namespace, shards, mailboxLimit },
    clock: systemClock,
    logger: silentLogger,
    newId: randomUUID,
  });
  const startNode = async () => {
    const store = new MemoryStateStore();
    const limits = { sweepMs: 100, effectTimeoutMs: 300 };
    const actors = [{ actor: oddActor as unknown as Actor, store }];
    nodes.push(await openClusterNode({ ...options(), actors, random: Math.random, heartbeatMs: 50, limits }));
  };
  const odd = (key: string) => client.refs.ref(NewerOdd, key);
  const failure = (promise: Promise<unknown>) =>
    promise.then(
      (value) => expect.fail(`it succeeded: ${JSON.stringify(value)}`),
      (error: unknown) => error as Error,
    );

  /** Keys of all shards answer at once, and the key itself goes on where it was. */
  async function expectOthersUnharmed(key: string, count = 1): Promise<void> {
    const others = Array.from({ length: 20 }, (_, i) => `${key}-other-${i}`);
    const ask = (each: string) => odd(each).add({}, { timeoutMs: 2_000 });
    expect(await Promise.all(others.map(ask))).to.deep.equal(others.map(() => ({ count: 1 })));
    expect(await ask(key)).to.deep.equal({ count });
  }

  async function deadLettersOf(type: string, key: string): Promise<string[]> {
    const { items } = await client.deadLetters.list({ type, key });
    return items.map(({ reason }) => reason);
  }

  beforeEach(() => {
    namespace = `test-${randomUUID()}`;
    redis = new Redis(testRedisUrl());
    client = openClusterClient(options());
    nodes = [];
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await client.close();
    const left = [...(await redis.keys(`{${namespace}-*`)), ...(await redis.keys(`${namespace}:*`))];
    if (left.length > 0) await redis.del(left);
    redis.disconnect();
  });

  it('tells of a handler that throws, keeps its text inside and the message as a dead letter', async () => {
    await startNode();
    const error = await failure(odd('a').throw({}, { timeoutMs: 5_000 }));
    expect(codeOf(error)).to.equal('internal');
    expect(error.message).not.to.include('secret');
    expect(await deadLettersOf('odd', 'a')).to.deep.equal(['a secret of the handler']);
    await expectOthersUnharmed('a');
  });

  it('tells of a handler that returns garbage, and nothing of its turn is stored', async () => {
    await startNode();
    expect(codeOf(await failure(odd('a').garble({}, { timeoutMs: 5_000 })))).to.equal('internal');
    await expectOthersUnharmed('a');
  });

  it('gives up an effect that hangs, and handles messages meanwhile', async () => {
    await startNode();
    const hanging = failure(odd('a').hang({}, { timeoutMs: 5_000 }));
    await expectOthersUnharmed('a');
    expect(codeOf(await hanging)).to.equal('deadline_exceeded');
    await expectOthersUnharmed('b');
  });

  it('refuses a message of 10 MB before it is sent', async () => {
    await startNode();
    const text = 'x'.repeat(10_000_000);
    const error = await failure(odd('a').add({ text }, { timeoutMs: 5_000 }));
    expect(codeOf(error)).to.equal('payload_too_large');
    await expectOthersUnharmed('a');
  });

  it('refuses at once what a full mailbox cannot take, and handles what is in it', async () => {
    const waiting = Array.from({ length: mailboxLimit }, () => odd('a').add({}, { timeoutMs: 10_000 }));
    let full: Error | undefined;
    while (full === undefined || codeOf(full) !== 'mailbox_full') {
      full = await failure(odd('a').add({}, { timeoutMs: 200 }));
    }
    await startNode();
    const counts = (await Promise.all(waiting)).map(({ count }) => count).sort();
    expect(counts).to.deep.equal([1, 2, 3, 4, 5]);
    await expectOthersUnharmed('a', mailboxLimit + 1);
  });

  it('tells of an actor type that no node hosts', async () => {
    await startNode();
    const error = await failure(client.refs.ref(Stranger, 'a').add({}, { timeoutMs: 5_000 }));
    expect(codeOf(error)).to.equal('unknown_actor');
    // The answer comes first, the dead letter behind it.
    await eventually(async () => (await deadLettersOf('stranger', 'a')).length === 1, 'a dead letter');
    await expectOthersUnharmed('a');
  });

  it('tells of a message that the hosted release does not know', async () => {
    await startNode();
    const error = await failure(odd('a').subtract({}, { timeoutMs: 5_000 }));
    expect(codeOf(error)).to.equal('unknown_message');
    expect(await deadLettersOf('odd', 'a')).to.have.length(1);
    await expectOthersUnharmed('a');
  });

  it('reads an older envelope and refuses a newer one', async () => {
    const inbox = new RedisInbox({ ...options(), process: 'old-and-new' });
    const replies = new Map<string, Reply>();
    const both = new Promise<void>((resolve) => {
      inbox.onReply((reply) => {
        if (replies.set(reply.id, reply).size === 2) resolve();
      });
    });
    const mailbox = new BullMqMailbox(options());
    for (const v of [0, 2]) {
      const id = `m-v${v}`;
      await mailbox.send(addressOf('odd', 'a', shards), id, {
        ...{ v, id, name: 'Add', input: {} },
        replyTo: inbox.name,
      });
    }
    await startNode();
    await both;
    await inbox.close();
    expect(replies.get('odd~a/m-v0')?.answer).to.deep.equal({ ok: { count: 1 } });
    expect(replies.get('odd~a/m-v2')?.answer).to.have.nested.property('error.code', 'unknown_message');
    await expectOthersUnharmed('a', 2);
  });
});
