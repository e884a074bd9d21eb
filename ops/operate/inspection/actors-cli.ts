import {
  type ActorCluster,
  codeOf,
  type DeadLetter,
  isActorType,
  type Page,
  type RedisConnection,
} from '@trolley/runtime';
import type { Config } from '../../shop/config/config.ts';
import type { Progress } from '../../shop/process/progress.ts';
import { UsageProblem } from '../../shop/process/start-problem.ts';
import { openOperatorClient } from './operator-client.ts';

export const actorsHelp = `npm run actors -- types
npm run actors -- parked [TYPE]
npm run actors -- release TYPE KEY retry | give-up
npm run actors -- dead [TYPE [KEY]]
npm run actors -- show ID
npm run actors -- replay ID
npm run actors -- discard ID

Lists what went wrong for good in the mailboxes of the cluster, and lets it go on. TYPE is the type of an actor, as
cart; KEY is what its actors are called by, as a user's id; ID is what a list calls a dead letter. A list begins with
the oldest and has a line for each: actor, message, ID, since when, attempts, reason.

  types      the actor types that nodes host now
  parked     actors that rest: at a message that failed (types with onPoison: 'park'), or, with - for it, at an effect's
             outcome, a reminder or a stored state
  release    lets one go on: retry with the message it failed at, or give-up behind it, which makes a dead letter of it
  dead       dead letters: messages that failed three times, or took their nodes down; of all actors, or of one type
             or actor
  show       one of them, as JSON, with what its message said
  replay     sends one again, behind what waits, under its message's id; whoever had asked is not answered any more
  discard    removes one for good

  --limit N        lines at most, 1 to 500 (default 100)
  --after CURSOR   goes on behind an earlier list, which named the cursor if there was more

Ends with 0, with 1 when there was nothing of that name or it could not look, with 2 when it was called wrongly.
`;

export interface ActorsCall {
  readonly words: readonly string[];
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface ActorsSurroundings {
  readonly redis: RedisConnection;
  readonly config: Pick<Config, 'actors'>;
  readonly progress: Progress;
  /** A line of a list. */
  readonly print: (line: string) => void;
}

interface Session extends ActorsSurroundings, ActorsCall {
  readonly cluster: ActorCluster;
}

/** What `npm run actors -- …words` does. Resolves to the exit code. */
export async function runActors(call: ActorsCall, around: ActorsSurroundings): Promise<number> {
  const [verb = '', ...words] = call.words;
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (run === undefined) throw new UsageProblem(`Say what: ${Object.keys(verbs).join(', ')}. See --help.`);
  await using cluster = await openOperatorClient(around.redis, around.config);
  try {
    return await run({ ...around, ...call, words, cluster });
  } catch (error) {
    if (codeOf(error) === 'invalid_request') throw new UsageProblem(sentenceOf(error), { cause: error });
    throw error;
  }
}

const verbs: Readonly<Record<string, (session: Session) => Promise<number>>> = {
  async types({ cluster, print, progress }) {
    const types = await cluster.hostedTypes();
    for (const type of types) print(type);
    progress.say(`${types.length} types are hosted`);
    return 0;
  },

  async parked(session) {
    const { cluster, limit, cursor, words } = session;
    const [type] = words;
    const page = await cluster.parked.list({ type, limit, cursor });
    const lines = page.items.map(({ type, key, message, at, attempts, reason }) => {
      return [type, key, message ?? '-', new Date(at).toISOString(), attempts, reason].join('\t');
    });
    return printPage({ ...page, items: lines }, 'parked actors', session);
  },

  async release(session) {
    const { cluster, progress, words } = session;
    const { type, key } = actorOf(words);
    const how = words[2];
    if (how !== 'retry' && how !== 'give-up')
      throw new UsageProblem('Say how: release TYPE KEY retry, or release TYPE KEY give-up.');
    const released = await cluster.parked.release({ type }, key, how);
    if (!released) await warnIfNotHosted(type, session);
    progress.say(`${type} ${key} ${released ? 'goes on' : 'was not parked'}`);
    return released ? 0 : 1;
  },

  async dead(session) {
    const { cluster, limit, cursor, words } = session;
    const { type, key } = words.length > 1 ? actorOf(words) : { type: words[0], key: undefined };
    const page = await cluster.deadLetters.list({ type, key, limit, cursor });
    if (page.items.length === 0 && type !== undefined) await warnIfNotHosted(type, session);
    const whose = [type, key].filter((word) => word !== undefined);
    const what = whose.length === 0 ? 'dead letters' : `dead letters of ${whose.join(' ')}`;
    return printPage({ ...page, items: page.items.map(lineOf) }, what, session);
  },

  async show({ cluster, print, progress, words }) {
    const id = idOf(words);
    const letter = await cluster.deadLetters.get(id);
    if (letter === undefined) return nothingOf(id, progress);
    print(JSON.stringify(letter, undefined, 2));
    return 0;
  },

  async replay({ cluster, progress, words }) {
    const id = idOf(words);
    if (!(await cluster.deadLetters.replay(id))) return nothingOf(id, progress);
    progress.say(`${id} waits in its mailbox again`);
    return 0;
  },

  async discard({ cluster, progress, words }) {
    const id = idOf(words);
    if (!(await cluster.deadLetters.discard(id))) return nothingOf(id, progress);
    progress.say(`${id} is removed`);
    return 0;
  },
};

const sentenceOf = (error: unknown) => `${error instanceof Error ? error.message : String(error)}.`;

/** @throws UsageProblem */
function actorOf([type = '', key = '']: readonly string[]): { type: string; key: string } {
  if (!isActorType(type) || key === '')
    throw new UsageProblem(
      'Say which actor: its TYPE, in lower case as npm run actors -- types says, and its KEY.',
    );
  return { type, key };
}

/** @throws UsageProblem */
function idOf([id]: readonly string[]): string {
  if (id === undefined) throw new UsageProblem('Say which: an ID, as npm run actors -- dead lists it.');
  return id;
}

function nothingOf(id: string, progress: Progress): number {
  progress.say(`There is no dead letter ${id}`);
  return 1;
}

function printPage(
  { items, cursor }: Page<string>,
  what: string,
  { print, progress }: ActorsSurroundings,
): number {
  for (const line of items) print(line);
  progress.say(`${items.length} ${what}${cursor === undefined ? '' : `; more with --after ${cursor}`}`);
  return 0;
}

/** A type that nobody hosts may have been one, and left something; or it is misspelt. */
async function warnIfNotHosted(type: string, { cluster, progress }: Session): Promise<void> {
  const types = await cluster.hostedTypes();
  if (types.includes(type)) return;
  const hosted = types.length === 0 ? 'no node is alive' : `the nodes host ${types.join(', ')}`;
  progress.warn(`Nobody hosts the type ${type} now: ${hosted}.`);
}

function lineOf({ type, key, message, id, at, attempts, reason }: DeadLetter): string {
  return [type, key, message, id, new Date(at).toISOString(), attempts, reason].join('\t');
}
