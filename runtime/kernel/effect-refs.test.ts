import { expect } from 'chai';
import { z } from 'zod';
import { defineActor, type EffectContext } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import type { HandledMessage } from '../define/interceptor.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster } from '../testing/test-cluster.ts';

const Count = z.object({ count: z.int() });
const Shelf = defineContract({
  type: 'shelf',
  key: z.string(),
  messages: { Take: { input: z.object({}), output: Count }, Note: { input: z.object({}) } },
});
const shelf = defineActor(Shelf, {
  state: Count,
  initial: () => ({ count: 0 }),
  receive: {
    Take(turn) {
      turn.set({ count: turn.state.count + 1 });
      return turn.state;
    },
    Note: () => undefined,
  },
});

const Picker = defineContract({
  type: 'picker',
  key: z.string(),
  messages: { Pick: { input: z.object({}), output: Count } },
});
const picker = defineActor(Picker, {
  state: Count,
  initial: () => ({ count: 0 }),
  effects: {
    async Take(from: string, { refs, effectId }: EffectContext) {
      await refs.ref(Shelf, from).note({}, { requestId: 'of its own' });
      return refs.ref(Shelf, from).take({}, { idempotencyKey: effectId });
    },
  },
  receive: {
    Pick(turn) {
      turn.perform('Take', turn.key);
      return turn.defer();
    },
  },
  onResult: {
    Take(turn, outcome) {
      // What the other actor answers, without a cast.
      if (outcome.ok) turn.set({ count: outcome.value.count });
      turn.answerWaiting({ Pick: () => turn.state });
    },
  },
});

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the refs of an effect', () => {
  function openCluster() {
    const store = new MemoryStateStore();
    const handled: Pick<HandledMessage, 'message' | 'requestId' | 'traceparent'>[] = [];
    const cluster = createTestCluster({
      actors: [
        { actor: picker, store: new MemoryStateStore() },
        { actor: shelf, store },
      ],
      interceptors: {
        node: [
          {
            handle(handling, next) {
              const { type, message, requestId, traceparent } = handling;
              if (type === 'shelf') handled.push({ message, requestId, traceparent });
              return next(handling);
            },
          },
        ],
      },
    });
    return { cluster, store, handled };
  }

  it('ask and tell under the request id and the trace of the call, unless they are given others', async () => {
    const { cluster, handled } = openCluster();
    expect(await cluster.ref(Picker, 'a').pick({}, { requestId: 'r', traceparent })).to.deep.equal({
      count: 1,
    });
    expect(handled).to.deep.equal([
      { message: 'Note', requestId: 'of its own', traceparent },
      { message: 'Take', requestId: 'r', traceparent },
    ]);
    await cluster.close();
  });

  it('count an ask once under the id of its effect, though that runs again', async () => {
    const { cluster, store } = openCluster();
    const picked = cluster.ref(Picker, 'a').pick();
    let crashed = false;
    store.faults.afterWrite = () => {
      if (crashed) return;
      crashed = true;
      cluster.crash();
      throw new Error('the node is gone');
    };
    expect(await picked).to.deep.equal({ count: 1 });
    expect(crashed).to.equal(true);
    expect(await cluster.ref(Shelf, 'a').take()).to.deep.equal({ count: 2 });
    await cluster.close();
  });
});
