import type { EffectContext } from '../define/actor.ts';
import type { ActorRefs } from '../define/ref.ts';
import { refsOfCall } from '../define/refs-of-call.ts';
import type { PendingEffect } from '../storage/state-store.ts';

/** One performance of an effect, as the effect sees it. Most look at neither signal nor refs, so these are made when one does. */
export class EffectCall implements EffectContext {
  readonly effectId: string;
  readonly key: string;
  readonly requestId: string | undefined;
  readonly traceparent: string | undefined;
  readonly tracestate: string | undefined;
  readonly #allRefs: ActorRefs;
  #refs: ActorRefs | undefined;
  #abort: AbortController | undefined;
  #isOver = false;

  constructor(
    { run, requestId, traceparent, tracestate }: PendingEffect,
    actorId: string,
    key: string,
    refs: ActorRefs,
  ) {
    this.effectId = `${actorId}/${run}`;
    this.key = key;
    this.requestId = requestId;
    this.traceparent = traceparent;
    this.tracestate = tracestate;
    this.#allRefs = refs;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  get refs(): ActorRefs {
    return (this.#refs ??= refsOfCall(this.#allRefs, this));
  }

  /**
   * As interceptors get it: signal and refs are its own properties, so that a copy has them. A literal with getters costs
   * V8 ten times as much, and a shape of its own that keeps what it leads to in memory.
   */
  toIntercept(): EffectContext {
    const { effectId, key, requestId, traceparent, tracestate } = this;
    const signal = () => this.signal;
    const allRefs = this.#allRefs;
    let refs: ActorRefs | undefined;
    return {
      ...{ effectId, key, requestId, traceparent, tracestate },
      get signal() {
        return signal();
      },
      get refs() {
        return (refs ??= refsOfCall(allRefs, this));
      },
    };
  }

  /** Nobody waits for it any more. */
  abort(): void {
    this.#isOver = true;
    this.#abort?.abort();
  }
}
