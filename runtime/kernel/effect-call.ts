import type { EffectContext } from '../define/actor.ts';
import type { ActorRefs } from '../define/ref.ts';
import { refsOfCall } from '../define/refs-of-call.ts';
import type { PendingEffect } from '../storage/state-store.ts';

/** One performance of an effect, as the effect sees it. Most look at neither signal nor refs, so these are made when one does. */
export class EffectCall {
  readonly context: EffectContext;
  #abort: AbortController | undefined;
  #isOver = false;

  constructor(
    { run, requestId, traceparent, tracestate }: PendingEffect,
    actorId: string,
    key: string,
    refs: ActorRefs,
  ) {
    const signal = () => this.#signal;
    let made: ActorRefs | undefined;
    // Their own properties, so that an interceptor's copy has them.
    this.context = {
      ...{ effectId: `${actorId}/${run}`, key, requestId, traceparent, tracestate },
      get signal() {
        return signal();
      },
      get refs() {
        return (made ??= refsOfCall(refs, this));
      },
    };
  }

  /** Nobody waits for it any more. */
  abort(): void {
    this.#isOver = true;
    this.#abort?.abort();
  }

  get #signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }
}
