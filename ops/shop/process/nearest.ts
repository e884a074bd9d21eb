/** The one of `words` that takes the fewest edits, `most` at most: to insert, delete, replace, or swap two neighbours. */
export function nearest(word: string, words: readonly string[], most = 2): string | undefined {
  let [best, found] = [most + 1, undefined as string | undefined];
  for (const each of words) {
    const edits = editsBetween(word, each);
    if (edits < best) [best, found] = [edits, each];
  }
  return found;
}

function editsBetween(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      const swapped =
        row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      next[column] = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, last] = [last, next];
  }
  return last[other.length] ?? 0;
}
