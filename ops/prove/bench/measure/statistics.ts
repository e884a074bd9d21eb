export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [high = NaN, low = NaN] = [sorted[middle], sorted[middle - 1]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** What makes the median absolute deviation of normally distributed values as large as their standard deviation. */
const toStandardDeviation = 1.4826;

/** How far the values lie from each other, one that lies far off aside: a standard deviation made of medians. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return toStandardDeviation * median(values.map((value) => Math.abs(value - middle)));
}

/** How far the median of so many values may be off by chance: its standard error. */
export const errorOfMedian = (values: readonly number[]) =>
  (1.25 * spread(values)) / Math.sqrt(values.length);

/** The items in another order each time, so that none always comes after the same one. */
export function rotated<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
