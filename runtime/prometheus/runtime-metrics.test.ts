import { expect } from 'chai';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import { ActorError, codeOf } from '../define/errors.ts';
import { FencedError } from '../mailbox/mailbox.ts';
import { StaleError } from '../kernel/stored-actor.ts';
import { addressOf } from '../mailbox/address.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { createTestCluster } from '../testing/test-cluster.ts';
import { createRuntimeMetrics } from './runtime-metrics.ts';

const Job = defineContract({
  type: 'job',
  key: z.string(),
  refusals: { conflict: null },
  messages: {
    Run: { input: z.object({}), output: z.object({}) },
    Refuse: { input: z.object({}), output: z.object({}) },
    Break: { input: z.object({}), output: z.object({}) },
  },
});

const jobActor = (onPoison: 'dead-letter' | 'park') =>
  defineActor(Job, {
    state: z.object({ runs: z.int() }),
    initial: () => ({ runs: 0 }),
    onPoison,
    effects: {
      Call: async () => undefined,
      Fail: async () => Promise.reject(new ActorError('aborted', 'no')),
    },
    receive: {
      Run(turn) {
        turn.set({ runs: turn.state.runs + 1 });
        turn.perform('Call', {});
        turn.perform('Fail', {});
        return {};
      },
      Refuse() {
        throw new ActorError('conflict', 'not now');
      },
      Break() {
        throw new Error('broken');
      },
    },
    onResult: { Call: () => undefined, Fail: () => undefined },
  });

describe('the metrics of the runtime', () => {
  let registry: Registry;
  beforeEach(() => (registry = new Registry()));

  /** Series with a value, as `name{labels}`; of a histogram its count. */
  async function moved(): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { name, type, values } of await registry.getMetricsAsJSON()) {
      for (const { metricName = name, labels, value } of values as {
        metricName?: string;
        labels: object;
        value: number;
      }[]) {
        if (value === 0 || (String(type) === 'histogram' && metricName !== `${name}_count`)) continue;
        found[`${name} ${Object.values(labels).join(' ')}`.trim()] = value;
      }
    }
    return found;
  }
  const open = (onPoison: 'dead-letter' | 'park') => {
    const clock = new FakeClock();
    const metrics = createRuntimeMetrics({ registry, clock });
    const cluster = createTestCluster({
      actors: [{ actor: jobActor(onPoison), store: metrics.store('job', new MemoryStateStore()) }],
      clock,
      shards: 1,
      limits: { idleMs: 5_000 },
      observer: metrics.observer,
      interceptors: { client: [metrics.client] },
    });
    return { cluster, metrics, job: cluster.refs.ref(Job, 'a') };
  };

  it('tell of asks, turns, effects, stores, activations and shards', async () => {
    const { cluster, job } = open('dead-letter');
    await job.run({});
    expect(await job.refuse({}).catch(codeOf)).to.equal('conflict');
    await cluster.advance(1_000);
    expect(await moved()).to.include({ 'trolley_activations job': 1, trolley_shards: 1 });
    const told = (await registry.metrics()).split('\n');
    for (const name of ['trolley_dead_letters_total', 'trolley_parked_actors_total'])
      expect(told).to.include(`${name}{actor="job"} 0`);
    await cluster.advance(10_000);
    await cluster.nodes[0]?.stop();
    const seen = await moved();
    expect(seen).to.include({
      'trolley_ask_duration_seconds job Run ok': 1,
      'trolley_ask_duration_seconds job Refuse refused': 1,
      'trolley_messages_total job': 2,
      'trolley_mailbox_wait_seconds job': 2,
      'trolley_effect_duration_seconds job Call ok': 1,
      'trolley_effect_duration_seconds job Fail error': 1,
      'trolley_state_duration_seconds job load ok': 1,
      'trolley_activations_total job': 1,
      'trolley_passivations_total job idle': 1,
      'trolley_shards_left_total handed_over': 1,
    });
    expect(seen).to.have.property('trolley_turn_duration_seconds job').that.is.above(1);
    expect(seen).to.have.property('trolley_state_duration_seconds job write ok').that.is.above(1);
    expect(seen).not.to.have.any.keys('trolley_activations job', 'trolley_shards');
    await cluster.close();
  });

  it('tell of what fails, is tried again, and rests', async () => {
    for (const policy of ['dead-letter', 'park'] as const) {
      const { cluster, job } = open(policy);
      const asked = job.ask('Break', {}, { timeoutMs: 2_000 }).catch(codeOf);
      await cluster.settled(asked);
      const seen = await moved();
      expect(seen).to.include({
        'trolley_turn_retries_total job': 2,
        'trolley_ask_duration_seconds job Break failed': 1,
      });
      expect(seen).to.have.property(
        policy === 'park' ? 'trolley_parked_actors_total job' : 'trolley_dead_letters_total job',
        1,
      );
      await cluster.close();
      registry.clear();
    }
  });

  it('tell turns that were fenced and writes that came too late from other failures', async () => {
    const { observer } = createRuntimeMetrics({ registry });
    const actor = addressOf('job', 'a', 1);
    const lease = { shard: 0, token: 'n#1', isHeld: () => false };
    for (const error of [new FencedError(actor, lease), new StaleError(), new Error('disk')]) {
      observer.turnEnded?.({ actor, messages: 0, outcomes: 0, ms: 1, isRetried: false, error });
    }
    observer.shardLeft?.(0, 'lost');
    expect(await moved()).to.include({
      'trolley_turn_failures_total job fenced': 1,
      'trolley_turn_failures_total job stale': 1,
      'trolley_turn_failures_total job error': 1,
      'trolley_shards_left_total lost': 1,
    });
  });

  it('tell a write that found another version from one that failed', async () => {
    const { store } = createRuntimeMetrics({ registry });
    const memory = new MemoryStateStore();
    const measured = store('job', memory);
    const record = { state: {}, applied: [], effects: [], waiting: [] };
    const write = { key: 'a', expectedVersion: 3, record, events: [], now: 0 };
    expect(await measured.write(write)).to.equal(false);
    const broken = store(
      'job',
      Object.assign(Object.create(memory) as MemoryStateStore, {
        write: () => Promise.reject(new Error('away')),
      }),
    );
    expect(await broken.write(write).catch(() => 'failed')).to.equal('failed');
    expect(await moved()).to.deep.equal({
      'trolley_state_duration_seconds job write stale': 1,
      'trolley_state_duration_seconds job write failed': 1,
    });
  });
});
