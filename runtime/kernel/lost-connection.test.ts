import { expect } from 'chai';
import { z } from 'zod';
import { ClusterClient } from '../cluster/client.ts';
import { defineActor } from '../define/actor.ts';
import { systemClock } from '../define/clock.ts';
import { defineContract } from '../define/contract.ts';
import type { ActorRefs } from '../define/ref.ts';
import { addressOf } from '../mailbox/address.ts';
import { MemoryMailbox } from '../mailbox/memory-mailbox.ts';
import { silentLogger } from '../observe/logger.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { MemoryReplies } from '../testing/memory-replies.ts';
import { ActorNode } from './actor-node.ts';

const Total = z.object({ total: z.int() });
const Counter = defineContract({
  type: 'counter',
  key: z.string().min(1),
  messages: {
    Add: { input: z.object({ by: z.int() }), output: Total },
    Break: { input: z.object({}), output: Total },
  },
});

describe('the kernel and a connection that is lost', () => {
  const counterActor = defineActor(Counter, {
    state: Total,
    initial: () => ({ total: 0 }),
    receive: {
      Add(turn, { by }) {
        turn.set({ total: turn.state.total + by });
        return turn.state;
      },
      Break() {
        throw new Error('broken');
      },
    },
  });
  const address = addressOf('counter', 'a', 1);
  const lease = { shard: 0, token: 'node#1', isHeld: () => true };
  let mailbox: MemoryMailbox;
  let replies: MemoryReplies;
  let node: ActorNode;
  let client: ClusterClient;

  beforeEach(() => {
    mailbox = new MemoryMailbox(systemClock);
    replies = new MemoryReplies();
    const context = { clock: systemClock, logger: silentLogger, newId: () => 'id' };
    const actors = [{ actor: counterActor, store: new MemoryStateStore() }];
    const limits = { sweepMs: 20 };
    const refs: ActorRefs = { ref: (contract, key) => client.ref(contract, key) };
    node = new ActorNode({
      ...context,
      actors,
      refs,
      mailbox,
      replies,
      limits,
      shards: 1,
      random: () => 0.5,
    });
    mailbox.grant(lease);
    client = new ClusterClient({
      ...context,
      mailbox,
      inbox: replies.open('inbox'),
      registry: {
        holder: async () => ({ node: 'node', token: 'node#1', heldSince: 0, expiresInMs: 3_000 }),
      },
      leaseMs: 3_000,
      shards: 1,
    });
  });
  afterEach(() => {
    client.close();
    return node.close();
  });

  const add = (messageId: string) =>
    client.ref(Counter, 'a').ask('Add', { by: 1 }, { messageId, timeoutMs: 5_000 });

  /** The next call is lost on its way. */
  function loseNextFinish(beforeLost: (...args: Parameters<MemoryMailbox['ack']>) => Promise<unknown>): void {
    const ack = mailbox.ack.bind(mailbox);
    mailbox.ack = async (...args) => {
      mailbox.ack = ack;
      await beforeLost(...args);
      throw new Error('connection lost');
    };
  }

  it('survives that neither the answer nor the end of a message gets through', async () => {
    const send = replies.send.bind(replies);
    replies.send = () => {
      replies.send = send;
      return Promise.reject(new Error('connection lost'));
    };
    loseNextFinish(() => Promise.resolve());
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    node.acquired(lease);
    expect(await add('one')).to.deep.equal({ total: 1 });
    expect(await add('two')).to.deep.equal({ total: 2 });
    process.off('unhandledRejection', note);
    // One of these ends the process.
    expect(unhandled).to.deep.equal([]);
  });

  it('goes on with an actor whose failing message vanished with its mailbox', async () => {
    const lost = new Promise<void>((resolve) => {
      loseNextFinish(async (of, underLease) => {
        // What FLUSHALL leaves: nothing in hand is there any more.
        const all = ['fine', 'broken'].map((jobId) => ({ jobId }));
        await mailbox.ack(of, underLease, all, { max: 0, wakeAt: Infinity });
        resolve();
      });
    });
    await mailbox.send(address, 'fine', { v: 1, id: 'fine', name: 'Add', input: { by: 1 } });
    await mailbox.send(address, 'broken', { v: 1, id: 'broken', name: 'Break', input: {} });
    node.acquired(lease);
    await lost;
    expect(await add('next')).to.deep.equal({ total: 2 });
    expect(await add('last')).to.deep.equal({ total: 3 });
  });
});
