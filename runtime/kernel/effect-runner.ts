import type { AnyActor, Effect, Outcome } from '../define/actor.ts';
import type { Clock } from '../define/clock.ts';
import { isActorError, ActorError } from '../define/errors.ts';
import type { NodeInterceptor } from '../define/interceptor.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { Logger } from '../observe/logger.ts';
import { isForeseen } from '../observe/reason.ts';
import type { PendingEffect } from '../storage/state-store.ts';
import type { Limiter } from '../flow/limiter.ts';
import { EffectCall } from './effect-call.ts';
import { dueAtOf } from './pending-effects.ts';

export interface EffectRunnerOptions {
  readonly actor: AnyActor;
  readonly actorId: string;
  readonly key: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limiter: Limiter;
  readonly refs: ActorRefs;
  readonly intercept: NodeInterceptor['effect'];
  /** After this an effect is given up with `deadline_exceeded`: its outcome is unknown. */
  readonly effectTimeoutMs: number;
  readonly onOutcome: (effect: PendingEffect, outcome: Outcome<unknown>) => void;
  readonly onEnded: (effect: string, ms: number, outcome: Outcome<unknown>) => void;
}

/** How often what is far away is looked at again: the machine may have slept. */
const longestTimerMs = 3_600_000;

/** Performs the effects that one actor's stored state wants, and brings its reminders: each that is listed, no other. */
export class EffectRunner {
  readonly #options: EffectRunnerOptions;
  readonly #running = new Map<string, () => void>();

  constructor(options: EffectRunnerOptions) {
    this.#options = options;
  }

  /**
   * Starts what is pending and does not run yet, each when it is due; stops what is no longer pending. `loaded`: what is
   * pending was read from the store, so it may have run before.
   */
  sync(pending: readonly PendingEffect[], loaded = false): void {
    if (this.#running.size > 0) {
      const runs = new Set(pending.map(({ run }) => run));
      for (const [run, stop] of this.#running) if (!runs.has(run)) stop();
    }
    for (const effect of pending) if (!this.#running.has(effect.run)) this.#start(effect, loaded);
  }

  stopAll(): void {
    for (const stop of this.#running.values()) stop();
  }

  #start(effect: PendingEffect, repeated: boolean): void {
    const { actorId, key, refs, clock, limiter } = this.#options;
    let call: EffectCall | undefined;
    const begin = () => {
      void limiter.run(async () => {
        if (this.#running.get(effect.run) !== stop) return;
        const startedAt = clock.monotonic();
        call = new EffectCall(effect, actorId, key, refs);
        const outcome = { repeated, ...(await this.#perform(effect, call)) };
        // From here on its signal has nothing to say.
        call = undefined;
        this.#options.onEnded(effect.name, clock.monotonic() - startedAt, outcome);
        if (this.#running.get(effect.run) === stop) this.#options.onOutcome(effect, outcome);
      });
    };
    const come = () => this.#options.onOutcome(effect, { ok: true, value: undefined });
    let cancel: () => void = () => undefined;
    const stop = () => {
      cancel();
      call?.abort();
      this.#running.delete(effect.run);
    };
    this.#running.set(effect.run, stop);
    const dueAt = clock.monotonic() + dueAtOf(effect, clock.now()) - clock.now();
    const beginWhenDue = () => {
      // By both clocks: one stands still while the machine sleeps, the other may have been set back.
      const delayMs = Math.min(dueAt - clock.monotonic(), effect.notBefore - clock.now());
      if (delayMs > 0) cancel = clock.schedule(Math.min(delayMs, longestTimerMs), beginWhenDue);
      else if (effect.reminder === true) come();
      else begin();
    };
    beginWhenDue();
  }

  async #perform(effect: PendingEffect, call: EffectCall): Promise<Outcome<unknown>> {
    const { actor, actorId, key, logger, intercept } = this.#options;
    const effects = actor.definition.effects as Record<string, Effect<unknown, unknown>> | undefined;
    const perform = effects?.[effect.name];
    try {
      if (perform === undefined)
        throw new ActorError('unknown_message', `there is no effect '${effect.name}'`);
      const { type } = actor.contract;
      const { name, input } = effect;
      const performing =
        intercept === undefined
          ? perform(input, call)
          : intercept({ type, key, effect: name, input, context: call.toIntercept() }, async (changed) =>
              perform(changed.input, changed.context),
            );
      return { ok: true, value: await this.#withinLimit(effect.name, call, performing) };
    } catch (error) {
      const about = { err: error, actor: actorId, effect: effect.name, requestId: effect.requestId };
      if (isActorError(error)) {
        logger[isForeseen(error) ? 'debug' : 'error'](
          { ...about, code: error.code },
          'an effect was refused or its outcome is unknown',
        );
        return { ok: false, error };
      }
      logger.error(about, 'an effect failed unexpectedly');
      return { ok: false, error: new ActorError('internal', `${effect.name} failed`, { cause: error }) };
    }
  }

  /** What ends by the time-out is still pending: so its outcome counts, unlike that of what is stopped. */
  #withinLimit(name: string, call: EffectCall, performing: Promise<unknown>): Promise<unknown> {
    const { clock, effectTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const cancel = clock.schedule(effectTimeoutMs, () => {
        call.abort();
        reject(new ActorError('deadline_exceeded', `${name} took longer than ${effectTimeoutMs} ms`));
      });
      const ended =
        <T>(settle: (how: T) => void) =>
        (how: T) => {
          cancel();
          settle(how);
        };
      void Promise.resolve(performing).then(ended(resolve), ended(reject));
    });
  }
}
