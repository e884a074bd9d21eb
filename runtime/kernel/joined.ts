/** One list behind the other; itself where the other is empty, as it is most often. */
export function joined<T>(one: readonly T[], other: readonly T[]): readonly T[] {
  if (other.length === 0) return one;
  return one.length === 0 ? other : [...one, ...other];
}
