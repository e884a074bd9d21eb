import type { Flag, Verb } from './verb.ts';

/** Of every verb. */
const sharedFlags: Readonly<Record<string, Flag>> = {
  json: { help: 'one line of JSON for programs' },
  help: { help: 'this text' },
};

/** Of those that change nothing. */
const reportFlags: Readonly<Record<string, Flag>> = {
  watch: { value: 'SECONDS', help: 'again every so many seconds, 2 where none are given, until Ctrl-C' },
};

/** Every flag of a verb. */
export const flagsOf = ({
  flags,
  isReport,
}: Pick<Verb, 'flags' | 'isReport'>): Readonly<Record<string, Flag>> => ({
  ...flags,
  ...sharedFlags,
  ...(isReport && reportFlags),
});
