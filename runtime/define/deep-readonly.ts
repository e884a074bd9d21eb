/** A value of which nothing may be changed in place, however deep. */
export type DeepReadonly<T> = unknown extends T
  ? T
  : T extends string | number | boolean | bigint | symbol | null | undefined | ((...args: never[]) => unknown)
    ? T
    : { readonly [K in keyof T]: DeepReadonly<T[K]> };
