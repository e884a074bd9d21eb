/** Clients take 4 MiB in one message unless told otherwise; some of it is for what is around the elements of a list. */
export const maxListBytes = 3.5 * 1024 * 1024;

/** The longest beginning of a list that fits into one message, but one element at least. */
export function fitting<T>(items: readonly T[], bytesOf: (item: T) => number): readonly T[] {
  let bytes = 0;
  const tooMany = items.findIndex((item, index) => {
    bytes += bytesOf(item);
    return bytes > maxListBytes && index > 0;
  });
  return tooMany < 0 ? items : items.slice(0, tooMany);
}

/** `items` in order, at most `size` at a time. */
export function batchesOf<T>(items: readonly T[], size: number): readonly T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  );
}
