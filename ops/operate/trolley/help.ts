import type { Flag, Verb } from './verb.ts';
import { flagsOf } from './flags.ts';

const exits = `Ends with 0; with 1 when there was nothing of that name, it was not done, or it could not look; with 2 when it was
called wrongly.
`;

/** What there is. */
export function overview(verbs: readonly Verb[]): string {
  const lines = verbs.map(
    ({ name, words = '', summary }) => [`${name} ${words}`.trimEnd(), summary] as const,
  );
  return `npm run trolley -- VERB [flags]

Shows what the shop and its cluster do, and deals with what is stuck. It goes where the shop on DATA_DIR is, or where
REDIS_URL, POSTGRES_URL and KAFKA_BROKERS say.

${columns(lines)}

VERB --help tells its flags. Each takes --json: one line, {"command","at","items","cursor"?,"isPartial"?}, in which times
are milliseconds since the epoch. Those that change nothing take --watch [SECONDS].

${exits}`;
}

export function helpOf(verb: Verb): string {
  const { name, words = '', summary, about } = verb;
  return `npm run trolley -- ${`${name} ${words}`.trimEnd()} [flags]

${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.${about === undefined ? '' : `\n\n${about}`}

${columns(Object.entries(flagsOf(verb)).map(([flag, its]) => [flagOf(flag, its), its.help]))}

${exits}`;
}

const flagOf = (flag: string, { value }: Flag) => `--${flag}${value === undefined ? '' : ` ${value}`}`;

function columns(lines: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...lines.map(([left]) => left.length));
  return lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
