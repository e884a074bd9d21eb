import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const Any = z.object({ value: z.unknown() });
const Box = defineContract({
  type: 'box',
  key: z.string(),
  messages: {
    Look: { input: Any, output: z.object({}) },
    Keep: {
      input: z.object({ how: z.enum(['state', 'answer', 'effect', 'event', 'tag', 'delay']) }),
      output: Any,
    },
  },
});

/** Tries to make the runtime keep a Date. */
const box = defineActor(Box, {
  state: Any,
  initial: () => ({ value: null }),
  tags: { Keep: z.unknown() },
  effects: { Send: (_: unknown) => Promise.resolve() },
  receive: {
    Look: () => ({}),
    Keep(turn, { how }) {
      const value = new Date(0);
      switch (how) {
        case 'state':
          turn.set({ value });
          break;
        case 'effect':
          turn.perform('Send', { value });
          break;
        case 'event':
          turn.publish({ type: 'Kept', partitionKey: 'a', payload: { value } });
          break;
        case 'tag':
          return turn.defer({ value });
        case 'delay':
          turn.perform('Send', {}, { delayMs: Number.NaN });
          break;
        case 'answer':
          return { value };
      }
      return { value: null };
    },
  },
  onResult: { Send: () => undefined },
});

describe('a ref', () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = createTestCluster({ actors: [{ actor: box, store: new MemoryStateStore() }], shards: 1 });
  });
  afterEach(() => cluster.close());
  const ref = (key = 'a') => cluster.refs.ref(Box, key);
  const refusal = (asked: Promise<unknown>) =>
    asked.then(
      () => 'sent',
      (error: unknown) => `${codeOf(error)}: ${(error as Error).message}`,
    );

  it('refuses what JSON cannot carry, before anything is sent', async () => {
    for (const asked of [ref().ask('Look', { value: [1n] }), ref().tell('Look', { value: [1n] })]) {
      expect(await refusal(asked)).to.equal(
        'invalid_request: box a: Look: input.value[0] is a bigint, which JSON cannot carry',
      );
    }
    expect(cluster.mailbox.residents()).to.deep.equal([]);
  });

  it('refuses times that are none, and keeps long ones', async () => {
    for (const timeoutMs of [0, -1, Number.NaN, Infinity]) {
      expect(await refusal(ref().ask('Look', { value: 1 }, { timeoutMs }))).to.match(
        /^invalid_request: a time-out/,
      );
    }
    for (const delayMs of [-1, Number.NaN, Infinity]) {
      expect(await refusal(ref().tell('Look', { value: 1 }, { delayMs }))).to.match(
        /^invalid_request: a delay/,
      );
    }
    expect(await refusal(ref().ask('Look', { value: 1 }, { timeoutMs: 30 * 86_400_000 }))).to.equal('sent');
  });

  it('refuses keys and ids that are empty, too long or no text', async () => {
    for (const name of ['', 'x'.repeat(513), 'a\ud800', 'a\0']) {
      expect(() => ref(name)).to.throw(/^the key of box/);
      expect(await refusal(ref().ask('Look', { value: 1 }, { idempotencyKey: name }))).to.match(
        /an idempotency key/,
      );
      expect(await refusal(ref().ask('Look', { value: 1 }, { messageId: name }))).to.match(/a message id/);
    }
  });

  it('hears of a handler that wants to keep what JSON cannot carry, of which nothing is kept', async () => {
    const reasons: [how: 'state' | 'answer' | 'effect' | 'event' | 'tag' | 'delay', reason: string][] = [
      ['state', 'the state.value is a Date, which JSON cannot carry'],
      ['answer', "the handler's answer.value is a Date, which JSON cannot carry"],
      ['effect', "the input of 'Send'.value is a Date, which JSON cannot carry"],
      ['event', "the payload of 'Kept'.value is a Date, which JSON cannot carry"],
      ['tag', 'the tag of a deferred answer.value is a Date, which JSON cannot carry'],
      ['delay', 'a delay is 0 to 31536000000 ms, not NaN'],
    ];
    for (const [how] of reasons) {
      expect(await refusal(ref().ask('Keep', { how }))).to.equal('internal: an internal error');
    }
    const { items: letters } = await cluster.deadLetters.list();
    expect(letters.map(({ reason }) => reason)).to.deep.equal(reasons.map(([, reason]) => reason));
    expect(await refusal(ref().ask('Look', { value: 1 }))).to.equal('sent');
  });
});
