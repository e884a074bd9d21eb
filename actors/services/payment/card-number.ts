const shortest = 13;
const longest = 19;

/**
 * Whether digits in `text` look like a card's number: 13 to 19 of them that pass Luhn's check, in one piece or in
 * groups, alone or with something before and after.
 */
export function holdsCardNumber(text: string): boolean {
  for (const [run] of text.matchAll(/[0-9]+(?:[\s_-]+[0-9]+)*/g)) {
    const groups = run.split(/[\s_-]+/);
    for (let first = 0; first < groups.length; first++) {
      let digits = '';
      for (const group of groups.slice(first)) {
        digits += group;
        if (digits.length > longest) break;
        if (digits.length >= shortest && passesLuhn(digits)) return true;
      }
    }
  }
  return false;
}

/** Every second digit from the right but one counts twice; the sum ends in 0. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits.at(-1 - place));
    const doubled = digit * 2;
    sum += place % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
