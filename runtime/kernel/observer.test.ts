import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import type { NodeObserver } from './node-observer.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { createTestCluster } from '../testing/test-cluster.ts';

const Job = defineContract({
  type: 'job',
  key: z.string(),
  messages: {
    Run: { input: z.object({}), output: z.object({}) },
    Break: { input: z.object({}), output: z.object({}) },
  },
});

const jobActor = (onPoison: 'dead-letter' | 'park') =>
  defineActor(Job, {
    state: z.object({ runs: z.int() }),
    initial: () => ({ runs: 0 }),
    onPoison,
    effects: {
      Call: async () => {
        throw new ActorError('unavailable', 'nobody there');
      },
    },
    receive: {
      Run(turn) {
        turn.set({ runs: turn.state.runs + 1 });
        turn.perform('Call', {});
        return {};
      },
      Break() {
        throw new Error('broken');
      },
    },
    onResult: { Call: () => undefined },
  });

describe('an observer', () => {
  let heard: string[];
  const observer: NodeObserver = {
    activated: ({ id }) => heard.push(`activated ${id}`),
    passivated: ({ id }, why) => heard.push(`passivated ${id}: ${why}`),
    turnEnded: ({ actor, messages, outcomes, error }) =>
      heard.push(`turn of ${actor.id}: ${messages} + ${outcomes}${error === undefined ? '' : ', failed'}`),
    effectEnded: ({ actor, effect, error }) => heard.push(`effect ${effect} of ${actor.id}: ${error?.code}`),
    stateWritten: ({ actor, before, after }) =>
      heard.push(`state of ${actor.id}: ${JSON.stringify(before)} to ${JSON.stringify(after)}`),
    deadLettered: ({ message, error }) => heard.push(`dead letter ${message}: ${String(error)}`),
    parked: ({ actor, message }) => heard.push(`parked ${actor.id} at ${message}`),
    shardAcquired: (shard) => heard.push(`acquired ${shard}`),
    shardLeft: (shard, why) => heard.push(`left ${shard}: ${why}`),
  };
  const open = (onPoison: 'dead-letter' | 'park', observing = observer) =>
    createTestCluster({
      actors: [{ actor: jobActor(onPoison), store: new MemoryStateStore() }],
      shards: 1,
      limits: { idleMs: 5_000 },
      observer: observing,
    });

  beforeEach(() => (heard = []));

  it('hears of the life of an actor, its turns and effects, and of shards', async () => {
    const cluster = open('dead-letter');
    await cluster.refs.ref(Job, 'a').ask('Run', {});
    await cluster.advance(10_000);
    await cluster.nodes[0]?.stop();
    expect(heard).to.deep.equal([
      'acquired 0',
      'activated job~a',
      'state of job~a: {"runs":0} to {"runs":1}',
      'effect Call of job~a: unavailable',
      'turn of job~a: 1 + 0',
      'state of job~a: {"runs":1} to {"runs":1}',
      'turn of job~a: 0 + 1',
      'passivated job~a: idle',
      'left 0: handed over',
    ]);
    await cluster.close();
  });

  it('hears of what failed for good', async () => {
    for (const onPoison of ['dead-letter', 'park'] as const) {
      const cluster = open(onPoison);
      const asked = cluster.refs.ref(Job, 'a').ask('Break', {});
      expect(await asked.then(() => 'answered', codeOf)).not.to.equal('answered');
      await cluster.runUntilIdle();
      await cluster.close();
    }
    expect(heard).to.include('dead letter Break: Error: broken').and.to.include('parked job~a at Break');
  });

  it('hears of shards that were lost with what was in memory', async () => {
    const cluster = open('dead-letter');
    await cluster.refs.ref(Job, 'a').ask('Run', {});
    cluster.nodes[0]?.partition({ from: ['registry'] });
    await cluster.advance(4_000);
    expect(heard).to.include('left 0: lost').and.to.include('passivated job~a: shard left');
    await cluster.close();
  });

  it('does no harm when it fails', async () => {
    const fail = () => {
      throw new Error('no metrics');
    };
    const cluster = open('dead-letter', { activated: fail, turnEnded: fail, shardAcquired: fail });
    expect(await cluster.refs.ref(Job, 'a').ask('Run', {})).to.deep.equal({});
    await cluster.close();
  });
});
