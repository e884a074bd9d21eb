import type { Failure } from '../kernel/apply-turn.ts';
import type { ActorView } from '../kernel/actor-view.ts';
import { dueAtOf } from '../kernel/pending-effects.ts';
import { excerptOf } from '../observe/excerpt.ts';
import { reasonOf } from '../observe/reason.ts';
import type { ActorRecord, PendingEffect, WaitingCaller } from '../storage/state-store.ts';
import type { ActorOnNode, WaitingReport, WantedEffect } from './actor-report.ts';
import type { RecentFailure } from './node-report.ts';

const maxStateBytes = 65_536;
const maxInputBytes = 2_048;
const maxListed = 100;
const maxFailures = 50;
const maxReasonChars = 300;

const nothing: ActorRecord = { state: null, applied: [], effects: [], waiting: [] };

/** What a node tells of one of its actors: of what may be large or many, a bounded part. */
export function actorOnNode(
  node: string,
  { activation, stored, isUnwritten, problem, outcomes }: ActorView,
  failures: readonly RecentFailure[],
  now: number,
): ActorOnNode {
  const { record = nothing, version = 0, updatedAt } = stored ?? {};
  const wanted = (some: readonly PendingEffect[]) =>
    some.slice(0, maxListed).map((effect) => wantedEffect(effect, outcomes.get(effect.run), failures, now));
  const effects = record.effects.filter(({ reminder }) => reminder !== true);
  const reminders = record.effects.filter(({ reminder }) => reminder === true);
  const archived = record.archive?.reduce((sum, { ids }) => sum + ids.length, 0) ?? 0;
  return {
    ...{ node, version, schema: record.schema ?? 1, isUnwritten },
    ...(activation !== undefined && { activation }),
    ...(updatedAt !== undefined && { updatedAt }),
    ...(stored !== undefined && { state: excerptOf(record.state, maxStateBytes) }),
    ...(problem !== undefined && { problem: reasonOf(problem) }),
    effects: wanted(effects),
    reminders: wanted(reminders),
    waiting: record.waiting.slice(0, maxListed).map(waitingReport),
    counts: {
      effects: effects.length,
      reminders: reminders.length,
      waiting: record.waiting.length,
      applied: record.applied.length + archived,
    },
    failures: failures.slice(0, maxFailures),
  };
}

function wantedEffect(
  effect: PendingEffect,
  failure: Failure | undefined,
  failures: readonly RecentFailure[],
  now: number,
): WantedEffect {
  const { id, name, input, reminder, requestId, traceparent } = effect;
  const ended =
    reminder === true ? undefined : failures.find((one) => one.what === 'effect' && one.name === name);
  const lastError = failure === undefined ? ended?.reason : reasonOf(failure.error).slice(0, maxReasonChars);
  return {
    ...{ id, name, input: excerptOf(input, maxInputBytes), dueAt: dueAtOf(effect, now) },
    attempts: failure?.attempts ?? 0,
    ...(lastError !== undefined && { lastError }),
    ...(requestId !== undefined && { requestId }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

function waitingReport({ messageId, message, tag }: WaitingCaller): WaitingReport {
  return { messageId, message, ...(tag !== undefined && { tag: excerptOf(tag, maxInputBytes) }) };
}
