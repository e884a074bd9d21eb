import { holdsCardNumber } from './card-number.ts';

/** Methods that force the refusal of their name, in development. */
export const forcedRefusals = [
  'no_funds',
  'card_declined',
  'card_expired',
  'invalid_ccv',
  'network_error',
] as const;

/** What may be paid by, besides tokens. */
const names: ReadonlySet<string> = new Set(['card']);
/** More of them in development: each forces an outcome. */
export const forcingNames: ReadonlySet<string> = new Set([...forcedRefusals, 'slow', 'timeout']);

const maxNameLength = 32;

/** What every name and every token is made of. */
export const paymentMethodText = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * What a payment provider made of a card. A word of letters is a name, which has to be a known one: to take it for a
 * token would charge for a misspelt `card`. Tokens have a digit, begin with `tok_` or `pm_`, or are longer than names.
 */
function isToken(text: string): boolean {
  return /[0-9]/.test(text) || /^(?:tok|pm)_./.test(text) || text.length > maxNameLength;
}

/** Whether `text` may be paid by somewhere: one of the names, or a token that is no card's number. */
export function isPaymentMethod(text: string): boolean {
  if (names.has(text) || forcingNames.has(text)) return true;
  return paymentMethodText.test(text) && isToken(text) && !holdsCardNumber(text);
}
