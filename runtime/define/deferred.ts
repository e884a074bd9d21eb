import type { AskableName, MessageSpec, MessageSpecs, OutputOf, ReadOnlyName } from './contract.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import type { Schema } from './schema.ts';

declare const deferred: unique symbol;
/** Returned by a handler that answers later. */
export interface Deferred {
  readonly [deferred]: true;
}

/** Names of the messages that can be answered later. */
export type DeferrableName<M extends MessageSpecs> = Exclude<AskableName<M>, ReadOnlyName<M>>;

export function isDeferrable(spec: MessageSpec | undefined): spec is MessageSpec {
  return spec?.output !== undefined && spec.readOnly !== true;
}

// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- no tag at all, where a record would have every one
export type NoTags = {};

/** What is remembered of a caller who waits for the answer of a message. */
export type TagOf<T, N> = N extends keyof T ? DeepReadonly<T[N]> : undefined;

/** By message; a name that cannot be answered later takes no schema, so that a misspelt one does not compile. */
export type TagSchemas<M extends MessageSpecs, T> = {
  readonly [N in keyof T]: N extends DeferrableName<M> ? Schema<T[N]> : never;
};

/** What the turn of a message that can be answered later has besides; one who defers without a tag gives none. */
export interface CanDefer<Tag = undefined> {
  /** Answers later: `return turn.defer(tag)`. The caller is kept with the state, so a crash forgets no one. */
  readonly defer: (...tag: undefined extends Tag ? [tag?: Tag] : [tag: Tag]) => Deferred;
}

/** A caller who waits for the deferred answer of a message. */
export type Waiting<M extends MessageSpecs = MessageSpecs, T = NoTags> = string extends keyof M
  ? { readonly message: string; readonly tag: unknown }
  : {
      [N in DeferrableName<M>]: { readonly message: N; readonly tag: TagOf<T, N> };
    }[DeferrableName<M>];

/** By message, what answers those who wait for it. */
export type DeferredAnswers<M extends MessageSpecs, T = NoTags> = {
  readonly [N in DeferrableName<M>]?: (waiting: {
    readonly message: N;
    readonly tag: TagOf<T, N>;
  }) => DeepReadonly<OutputOf<M, N>>;
};
