import { UsageProblem } from '../../shop/process/start-problem.ts';
import type { Flag, Verb } from './verb.ts';
import { flagsOf } from './flags.ts';

/** What can follow some words. */
interface Place {
  /** `dead replay`; empty: at the beginning. */
  readonly words: string;
  readonly next: readonly string[];
  readonly flags: Readonly<Record<string, Flag>>;
}

const shells = { bash, zsh, fish } as const;
const isShell = (word: string): word is keyof typeof shells => Object.hasOwn(shells, word);

/** @param all read when it is run, since it is one of them */
export function completionVerb(all: () => readonly Verb[]): Verb {
  return {
    name: 'completion',
    words: Object.keys(shells).join('|'),
    maxWords: 1,
    summary: 'a script that completes what is typed behind trolley',
    about: `It wants an alias: alias trolley='npm run --silent trolley --'. Then, for bash:
source <(trolley completion bash). For fish: trolley completion fish | source.`,
    isReport: false,
    run: async (call) => {
      const shell = call.word(0, 'Say for which shell: bash, zsh or fish.');
      if (!isShell(shell))
        throw new UsageProblem(`There is completion for bash, zsh and fish, not for ${shell}.`);
      const script = shells[shell](placesOf(all()));
      return { items: [{ shell, script }], text: script };
    },
  };
}

function placesOf(verbs: readonly Verb[]): Place[] {
  const names = verbs.map(({ name }) => name);
  const prefixes = new Set(
    names.flatMap((name) => name.split(' ').map((_, n, words) => words.slice(0, n).join(' '))),
  );
  return [...new Set([...prefixes, ...names])].map((words) => {
    const begin = words === '' ? '' : `${words} `;
    const next = names
      .filter((name) => name.startsWith(begin) && name !== words)
      .map((name) => name.slice(begin.length).split(' ')[0] ?? '');
    const verb = verbs.find(({ name }) => name === words);
    const flags = verb === undefined ? {} : flagsOf(verb);
    return { words, next: [...new Set(next)], flags };
  });
}

const wordsAt = ({ next, flags }: Place) =>
  [...next, ...Object.keys(flags).map((flag) => `--${flag}`)].join(' ');

/** Those with the most words first: the first that fits is the one. */
const deepestFirst = (places: readonly Place[]) =>
  places.toSorted(
    (a, b) => b.words.split(' ').length - a.words.split(' ').length || b.words.length - a.words.length,
  );

const choicesOf = (places: readonly Place[]) =>
  new Map(
    places
      .flatMap(({ flags }) => Object.entries(flags))
      .flatMap(([flag, { choices }]) => (choices === undefined ? [] : [[flag, choices.join(' ')] as const])),
  );

function cases(places: readonly Place[], put: (words: string) => string): string {
  const lines = deepestFirst(places)
    .filter(({ words }) => words !== '')
    .map((place) => `    "${place.words} "*) ${put(wordsAt(place))} ;;`);
  const root = places.find(({ words }) => words === '');
  return [...lines, `    *) ${put(root === undefined ? '' : wordsAt(root))} ;;`].join('\n');
}

const flagCases = (places: readonly Place[], put: (words: string) => string) =>
  [...choicesOf(places)].map(([flag, choices]) => `    --${flag}) ${put(choices)} ;;`).join('\n');

function bash(places: readonly Place[]): string {
  return `_trolley() {
  local typed="\${COMP_WORDS[*]:1:COMP_CWORD-1} " words=
  case "$typed" in
${cases(places, (words) => `words="${words}"`)}
  esac
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
${flagCases(places, (words) => `words="${words}"`)}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _trolley trolley`;
}

function zsh(places: readonly Place[]): string {
  return `_trolley() {
  local typed="\${words[2,CURRENT-1]} "
  local -a next
  case "$typed" in
${cases(places, (words) => `next=(${words})`)}
  esac
  case "\${words[CURRENT-1]}" in
${flagCases(places, (words) => `next=(${words})`)}
  esac
  compadd -a next
}
compdef _trolley trolley`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ words, next, flags }) => {
    const at = `__trolley_below ${words}`.trimEnd();
    const just = `__trolley_at ${words}`.trimEnd();
    const follow = next.length === 0 ? [] : [`complete -c trolley -f -n '${just}' -a '${next.join(' ')}'`];
    const named = Object.entries(flags).map(([flag, { value, help, choices = [] }]) => {
      const given = value === undefined ? '' : choices.length === 0 ? ' -x' : ` -x -a '${choices.join(' ')}'`;
      return `complete -c trolley -n '${at}' -l ${flag}${given} -d '${help.replaceAll("'", '’')}'`;
    });
    return [...follow, ...named];
  });
  return `function __trolley_words
    commandline -opc | string match -v -- '-*' | tail -n +2
end
function __trolley_at
    set -l typed (__trolley_words)
    test "$typed" = "$argv"
end
function __trolley_below
    set -l typed (__trolley_words)
    string match -q -- "$argv *" "$typed "; or test -z "$argv"
end
complete -c trolley -f
${lines.join('\n')}`;
}
