import type { Outcome } from '../define/actor.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { PendingEffect } from '../storage/state-store.ts';
import type { EffectResult } from './apply-turn.ts';
import { EffectRunner } from './effect-runner.ts';
import type { Failures } from './failures.ts';
import type { Kernel } from './kernel.ts';
import type { HostedActor } from './stored-actor.ts';

export interface ActorEffectsOptions {
  readonly kernel: Kernel;
  readonly hosted: HostedActor;
  readonly address: ActorAddress;
  readonly failures: Failures;
  /** The outcome of an effect is there, for the next turn. */
  readonly onOutcome: () => void;
}

const none: readonly EffectResult[] = [];

/** Has one actor's effects performed, and keeps what came of them until a turn has taken it up. */
export class ActorEffects {
  readonly #options: ActorEffectsOptions;
  /** Made with the first effect: an actor in memory is to be small. */
  #runner: EffectRunner | undefined;
  #outcomes = none;

  constructor(options: ActorEffectsOptions) {
    this.#options = options;
  }

  /** What no turn has taken up yet, the oldest first. */
  get outcomes(): readonly EffectResult[] {
    return this.#outcomes;
  }

  /**
   * Starts what is pending and does not run yet; stops what is no longer pending. `loaded`: what is pending was read from
   * the store, so it may have run before.
   */
  sync(pending: readonly PendingEffect[], loaded = false): void {
    if (pending.length > 0) this.#runner ??= this.#createRunner();
    this.#runner?.sync(pending, loaded);
  }

  /** The oldest ones were taken up and are over, except for some, which come again. */
  drop(outcomes: readonly EffectResult[], untaken: readonly EffectResult[] = none): void {
    if (outcomes.length === 0) return;
    const { ofOutcomes } = this.#options.failures;
    this.#outcomes = [...untaken, ...this.#outcomes.slice(outcomes.length)];
    for (const one of outcomes) if (!untaken.includes(one)) ofOutcomes.delete(one.effect.run);
  }

  stopAll(): void {
    this.#runner?.stopAll();
  }

  #createRunner(): EffectRunner {
    const { kernel, hosted, address } = this.#options;
    return new EffectRunner({
      actor: hosted.actor,
      actorId: address.id,
      key: address.key,
      clock: kernel.clock,
      logger: kernel.logger,
      limiter: kernel.effectLimiter,
      refs: kernel.refs,
      intercept: kernel.interceptEffect,
      effectTimeoutMs: kernel.limits.effectTimeoutMs,
      onOutcome: (effect, outcome) => this.#take(effect, outcome),
      onEnded: (effect, ms, outcome) => this.#report(effect, ms, outcome),
    });
  }

  #take(effect: PendingEffect, outcome: Outcome<unknown>): void {
    this.#outcomes = [...this.#outcomes, { effect, outcome }];
    this.#options.onOutcome();
  }

  #report(effect: string, ms: number, outcome: Outcome<unknown>): void {
    const { kernel, address: actor } = this.#options;
    const ended = { actor, effect, ms };
    kernel.observer.effectEnded?.(outcome.ok ? ended : { ...ended, error: outcome.error });
  }
}
