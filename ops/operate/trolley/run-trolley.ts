import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import { nearest } from '../../shop/process/nearest.ts';
import { exitCodes, readCommandLine } from '../../shop/process/run-command.ts';
import { isUsageProblem, UsageProblem } from '../../shop/process/start-problem.ts';
import { Call } from './call.ts';
import { foreseenReason } from './foreseen-reason.ts';
import { flagsOf } from './flags.ts';
import { helpOf, overview } from './help.ts';
import { type Screen, write } from './screen.ts';
import type { Around, Outcome, Verb } from './verb.ts';
import { verbs } from './verbs.ts';

export interface TrolleyOptions {
  readonly screen: Screen;
  readonly around: Around;
  /** Ends a watch. */
  readonly signal: AbortSignal;
}

const defaultWatchS = '2';

/**
 * What `npm run trolley -- …args` does. Resolves to the exit code.
 * @throws UsageProblem
 */
export async function runTrolley(
  args: readonly string[],
  { screen, around, signal }: TrolleyOptions,
): Promise<number> {
  const [first = '--help'] = args;
  if (first === '--help' || first === 'help') {
    screen.write(overview(verbs));
    return exitCodes.done;
  }
  const { verb, rest } = findVerb(args);
  const given = readCommandLine({
    options: optionsOf(verb),
    args: withSeconds(rest),
    maxWords: verb.maxWords ?? 0,
  });
  if (given.values.help) {
    screen.write(helpOf(verb));
    return exitCodes.done;
  }
  const call = new Call(given.positionals, given.values, () => around.clock.now());
  const isJson = call.is('json');
  const seconds = watchSeconds(call);
  const round = () => run(verb, call, around);
  if (seconds === undefined) return tell(await round(), verb, { screen, around, isJson });
  return watch(round, { verb, screen, around, isJson, seconds, signal });
}

interface Telling {
  readonly screen: Screen;
  readonly around: Around;
  readonly isJson: boolean;
}

function tell(outcome: Outcome, verb: Verb, { screen, around, isJson }: Telling): number {
  const { items, cursor, isPartial, notes = [], code = exitCodes.done } = outcome;
  if (isJson) {
    const at = around.clock.now();
    const told = {
      command: verb.name,
      at,
      items,
      ...(cursor && { cursor }),
      ...(isPartial && { isPartial }),
    };
    screen.write(`${JSON.stringify(told)}\n`);
  } else write(outcome, screen);
  const more = cursor === undefined ? [] : [`More with --after ${cursor}`];
  if (!isJson || code !== exitCodes.done) for (const note of [...notes, ...more]) around.progress.say(note);
  return code;
}

/** Once more every so often: over what was there in a terminal, below it elsewhere. */
async function watch(
  round: () => Promise<Outcome>,
  { verb, seconds, signal, ...telling }: Telling & { verb: Verb; seconds: number; signal: AbortSignal },
): Promise<number> {
  const { screen, around, isJson } = telling;
  for (let rounds = 0; !signal.aborted; rounds++) {
    try {
      const outcome = await round();
      if (screen.isTTY && !isJson) screen.clear();
      tell(outcome, verb, telling);
    } catch (error) {
      // Who watches wants to see it come back. What was wrong from the beginning will stay so.
      const reason = isUsageProblem(error) ? undefined : foreseenReason(error);
      if (rounds === 0 || reason === undefined) throw error;
      around.progress.fail(reason);
    }
    await delay(seconds * 1_000, undefined, { signal }).catch(() => undefined);
  }
  return exitCodes.done;
}

async function run(verb: Verb, call: Call, around: Around): Promise<Outcome> {
  try {
    return await verb.run(call, around);
  } catch (error) {
    if (codeOf(error) === 'invalid_request') throw new UsageProblem(`${reasonOf(error)}.`, { cause: error });
    throw error;
  }
}

/** The one with the longest name that the words begin with. */
function findVerb(args: readonly string[]): { verb: Verb; rest: readonly string[] } {
  for (let length = 3; length > 0; length--) {
    const verb = verbs.find(({ name }) => name === args.slice(0, length).join(' '));
    if (verb === undefined) continue;
    const rest = args.slice(length);
    const [next] = rest;
    if (next === undefined || next.startsWith('-') || (verb.maxWords ?? 0) > 0) return { verb, rest };
    const known = verbs.map(({ name }) => name).filter((name) => name.startsWith(`${verb.name} `));
    throw unknown(`${verb.name} ${next}`, known);
  }
  const [word = ''] = args;
  throw unknown(word, [...new Set(verbs.map(({ name }) => name.split(' ')[0] ?? ''))]);
}

function unknown(given: string, known: readonly string[]): UsageProblem {
  const meant = nearest(given, known);
  const hint = meant === undefined ? '' : ` Is ${meant} meant?`;
  return new UsageProblem(`There is no '${given}'.${hint} See --help.`);
}

function optionsOf(verb: Verb) {
  return Object.fromEntries(
    Object.entries(flagsOf(verb)).map(([name, { value }]) => [
      name,
      value === undefined ? ({ type: 'boolean' } as const) : ({ type: 'string' } as const),
    ]),
  );
}

/** `--watch` goes without a number, too. */
function withSeconds(args: readonly string[]): string[] {
  return args.flatMap((arg, place) => {
    if (arg !== '--watch') return [arg];
    return /^\d/.test(args[place + 1] ?? '') ? [arg] : [`--watch=${defaultWatchS}`];
  });
}

function watchSeconds(call: Call): number | undefined {
  const text = call.text('watch');
  if (text === undefined) return undefined;
  const seconds = /^\d{1,4}(\.\d)?$/.test(text) ? Number(text) : 0;
  if (seconds < 0.5 || seconds > 3_600)
    throw new UsageProblem(`--watch goes with a number of seconds, 0.5 to 3600, not ${text}.`);
  return seconds;
}
