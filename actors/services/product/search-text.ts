/**
 * What texts are searched in, and for: two that differ only in case, in normal form, in width or in characters that
 * nobody sees are the same here. Accents count (`é` is not `e`), but where capitals go without them: Greek marks are
 * left out, and so is the dot over an i, which Turkish takes away and adds.
 *
 * What is stored has been folded by this: a change of it wants a migration.
 */
export function foldForSearch(text: string): string {
  return (
    recased(text.normalize('NFKD').replace(invisible, ''))
      .normalize('NFKD')
      // The small letter at the end of a word has a form of its own.
      .replaceAll('ς', 'σ')
      .replace(greekMarks, '')
      .replace(dotsOverI, '')
      // Composed again, so that a letter is not found in one with an accent.
      .normalize('NFKC')
  );
}

const invisible = /\p{Default_Ignorable_Code_Point}/gu;
const greekMarks = /(?<=\p{Script=Greek}\p{M}*)\p{M}/gu;
const dotsOverI = /(?<=i\p{M}*)\u0307/gu;

/** Small letters, by way of capitals: `ß` and `ẞ` are `ss`, and `ı` is `i`. */
function recased(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}
