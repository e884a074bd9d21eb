/** The words that stand for one owner, by what they are: `{ userId: '8000…' }`. */
export type Marks = Readonly<Record<string, string>>;

/**
 * A text in which every mark, wherever it stands, gives way to that of another owner. A mark must be a word that means
 * nothing else in the text: an id, or a number that no other is like.
 */
export function patternOf(text: string, marks: Marks): (others: Marks) => string {
  const names = new Map(Object.entries(marks).map(([name, mark]) => [mark, name]));
  for (const mark of names.keys()) {
    if (!/^[\w-]{8,}$/.test(mark)) throw new TypeError(`not a mark: '${mark}'`);
  }
  if (names.size === 0) return () => text;
  const [first = '', ...rest] = text.split(new RegExp(`(${[...names.keys()].join('|')})`));
  // Behind the first, a mark and what follows it in turn.
  const marked: { readonly name: string; readonly then: string }[] = [];
  for (let index = 0; index < rest.length; index += 2) {
    marked.push({ name: names.get(rest[index] ?? '') ?? '', then: rest[index + 1] ?? '' });
  }
  return (others) => {
    let written = first;
    for (const { name, then } of marked) written += (others[name] ?? '') + then;
    return written;
  };
}
