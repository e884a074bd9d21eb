import { Counter, Gauge, type Registry } from 'prom-client';
import type { NodeObserver } from '../kernel/node-observer.ts';
import { StaleError } from '../kernel/stored-actor.ts';
import { FencedError } from '../mailbox/mailbox.ts';
import { DurationHistogram } from './duration-histogram.ts';

/** What happens on a node, counted as it is heard of. */
export function nodeMetrics(registry: Registry): NodeObserver {
  const registers = [registry];
  const turns = new DurationHistogram({
    name: 'trolley_turn_duration_seconds',
    help: 'How long turns took, writing and finishing included.',
    labelNames: ['actor'],
    registry,
  });
  const waits = new DurationHistogram({
    name: 'trolley_mailbox_wait_seconds',
    help: 'How long the first message of a turn had waited, from its sending on.',
    labelNames: ['actor'],
    registry,
  });
  const messages = new Counter({
    name: 'trolley_messages_total',
    help: 'Messages that turns took up, those included that came again.',
    labelNames: ['actor'],
    registers,
  });
  const failures = new Counter({
    name: 'trolley_turn_failures_total',
    help: 'Turns that did not happen. Reason: fenced, the lease had another holder; stale, another node had written; error.',
    labelNames: ['actor', 'reason'],
    registers,
  });
  const retries = new Counter({
    name: 'trolley_turn_retries_total',
    help: 'Turns of which something is tried again: the turn, a message, or the outcome of an effect.',
    labelNames: ['actor'],
    registers,
  });
  const effects = new DurationHistogram({
    name: 'trolley_effect_duration_seconds',
    help: 'How long effects took, each try by itself: the steps of a saga. Outcome: ok or error.',
    labelNames: ['actor', 'effect', 'outcome'],
    registry,
  });
  const active = new Gauge({
    name: 'trolley_activations',
    help: 'Actors in memory.',
    labelNames: ['actor'],
    registers,
  });
  const activated = new Counter({
    name: 'trolley_activations_total',
    help: 'Actors that came into memory.',
    labelNames: ['actor'],
    registers,
  });
  const passivated = new Counter({
    name: 'trolley_passivations_total',
    help: 'Actors that left memory. Reason: idle, memory, shard_left, failed, forced.',
    labelNames: ['actor', 'reason'],
    registers,
  });
  const dead = new Counter({
    name: 'trolley_dead_letters_total',
    help: 'Messages that failed for good.',
    labelNames: ['actor'],
    registers,
  });
  const parked = new Counter({
    name: 'trolley_parked_actors_total',
    help: 'Actors that were parked: they rest until somebody releases them.',
    labelNames: ['actor'],
    registers,
  });
  const shards = new Gauge({ name: 'trolley_shards', help: 'Shards that this node holds.', registers });
  const left = new Counter({
    name: 'trolley_shards_left_total',
    help: 'Shards that left this node. Reason: handed_over, to another one; lost, the lease ran out or was taken.',
    labelNames: ['reason'],
    registers,
  });
  const known = new Set<string>();
  return {
    activated({ type: actor }) {
      active.inc({ actor });
      activated.inc({ actor });
      if (known.has(actor)) return;
      known.add(actor);
      // From 0 on: of a counter that begins with its first event, `increase` does not see that one.
      for (const counter of [dead, parked]) counter.inc({ actor }, 0);
    },
    passivated({ type: actor }, why) {
      active.dec({ actor });
      passivated.inc({ actor, reason: labelOf(why) });
    },
    turnEnded({ actor: { type: actor }, ms, messages: taken, waitedMs, isRetried, error }) {
      turns.observe([actor], ms / 1000);
      if (taken > 0) messages.inc({ actor }, taken);
      if (waitedMs !== undefined) waits.observe([actor], waitedMs / 1000);
      if (isRetried) retries.inc({ actor });
      if (error !== undefined) failures.inc({ actor, reason: reasonOf(error) });
    },
    effectEnded({ actor: { type: actor }, effect, ms, error }) {
      effects.observe([actor, effect, error === undefined ? 'ok' : 'error'], ms / 1000);
    },
    deadLettered: ({ actor: { type: actor } }) => dead.inc({ actor }),
    parked: ({ actor: { type: actor } }) => parked.inc({ actor }),
    shardAcquired: () => shards.inc(),
    shardLeft(_, why) {
      shards.dec();
      left.inc({ reason: labelOf(why) });
    },
  };
}

const labelOf = (why: string) => why.replaceAll(' ', '_');

function reasonOf(error: unknown): string {
  if (error instanceof FencedError) return 'fenced';
  return error instanceof StaleError ? 'stale' : 'error';
}
