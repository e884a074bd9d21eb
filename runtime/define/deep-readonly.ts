type Leaf = string | number | boolean | bigint | symbol | null | undefined | ((...args: never[]) => unknown);

/** A value of which nothing may be changed in place, however deep. */
export type DeepReadonly<T> = unknown extends T
  ? T
  : T extends Leaf
    ? T
    : { readonly [K in keyof T]: DeepReadonly<T[K]> };
