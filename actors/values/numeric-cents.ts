/**
 * Integer cents as the text of a NUMERIC with two decimals: `262997` → `'2629.97'`.
 * @throws RangeError when `cents` is not a safe integer
 */
export function numericFromCents(cents: number): string {
  if (!Number.isSafeInteger(cents)) throw new RangeError(`cents must be a safe integer: ${cents}`);
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/**
 * The text of a NUMERIC as integer cents: `'2629.97'` → `262997`. Digit by digit, no float in between.
 * @throws RangeError when the text is no decimal, has a fraction of a cent, or is too large
 */
export function centsFromNumeric(text: string): number {
  const match = /^(-?)(\d+)(?:\.(\d{1,2})0*)?$/.exec(text);
  const cents = match === null ? NaN : Number(`${match[2] ?? ''}${(match[3] ?? '').padEnd(2, '0')}`);
  if (!Number.isSafeInteger(cents)) throw new RangeError(`not an amount in cents: '${text}'`);
  return match?.[1] === '-' ? 0 - cents : cents;
}
