/** The longest that anything may be put off. */
export const longestDelayMs = 365 * 86_400_000;

/** What is wrong with a time to put something off; undefined: nothing. */
export const delayFault = (ms: number) => faultOf('a delay', ms, 0);

/** What is wrong with a time to wait for an answer; undefined: nothing. */
export const timeoutFault = (ms: number) => faultOf('a time-out', ms, 1);

function faultOf(what: string, ms: number, least: number): string | undefined {
  const isWithin = ms >= least && ms <= longestDelayMs;
  return isWithin ? undefined : `${what} is ${least} to ${longestDelayMs} ms, not ${ms}`;
}

/** Of ids and keys: longer ones are not names any more. */
const maxNameLength = 512;

/** What is wrong with a name that a caller gives: two of them must never become one. Undefined: nothing. */
export function nameFault(what: string, name: string): string | undefined {
  if (name === '') return `${what} is empty`;
  if (name.length > maxNameLength)
    return `${what} has ${name.length} characters; it may have ${maxNameLength}`;
  return name.isWellFormed() && !name.includes('\0') ? undefined : `${what} has characters that are no text`;
}
