import { type Client, isActorType, type RedisConnection, silentLogger, systemClock } from '@trolley/runtime';
import { type ActorAddress, addressOf, BullMqMailbox } from '@trolley/runtime/adapters';
import type { Config } from '../../shop/config/config.ts';
import type { Progress } from '../../shop/process/progress.ts';
import { UsageProblem } from '../../shop/process/start-problem.ts';
import { deadLettersOf, retryDeadLetter, scanForDeadLetters, type DeadLetter } from './dead-letters.ts';
import { openOperatorClient } from './operator-client.ts';

export const actorsHelp = `npm run actors -- types
npm run actors -- parked
npm run actors -- release TYPE KEY retry | give-up
npm run actors -- dead TYPE KEY
npm run actors -- dead --scan [KEYS]
npm run actors -- retry TYPE KEY JOB

Lists what went wrong for good in the mailboxes of the cluster, and lets it go on. TYPE is the type of an actor, as
cart; KEY is what its actors are called by, as a user's id. A list has a line for each: actor, message, job, since
when, reason.

  types      the actor types that nodes host now
  parked     actors that take no messages since one failed (only types with onPoison: 'park')
  release    lets one go on: retry with the message it failed at, or give-up behind it, which makes a dead letter of it
  dead       dead letters of one actor: messages that failed three times, or took their nodes down
  --scan     those of all actors. Nothing lists them: this walks through KEYS keys of Redis at most (default 100000),
             500 at a time with rests between. Not for the busiest hour of a large Redis.
  retry      sends a dead letter again, behind what waits; whoever had asked is not answered any more

Ends with 0, with 1 when there was nothing to release or to retry or it could not look, with 2 when it was called wrongly.
`;

export interface ActorsCall {
  readonly words: readonly string[];
  /** Keys to walk through at most; undefined: only the actor named. */
  readonly scan: number | undefined;
}

export interface ActorsSurroundings {
  readonly redis: RedisConnection;
  readonly config: Pick<Config, 'actors'>;
  readonly progress: Progress;
  /** A line of a list. */
  readonly print: (line: string) => void;
}

const namespace = 'actors';

/** What `npm run actors -- …words` does. Resolves to the exit code. */
export async function runActors(call: ActorsCall, around: ActorsSurroundings): Promise<number> {
  const [verb, ...rest] = call.words;
  switch (verb) {
    case 'types':
      return listTypes(around);
    case 'parked':
      return listParked(around);
    case 'release':
      return release(rest, around);
    case 'dead':
      return call.scan === undefined ? listDead(rest, around) : scanDead(call.scan, around);
    case 'retry':
      return retry(rest, around);
    default:
      throw new UsageProblem('Say what: types, parked, release, dead or retry. See --help.');
  }
}

async function listTypes(around: ActorsSurroundings): Promise<number> {
  const types = await usingClient(around, (client) => client.hostedTypes());
  for (const type of types) around.print(type);
  around.progress.say(`${types.length} types are hosted`);
  return 0;
}

async function listParked(around: ActorsSurroundings): Promise<number> {
  const limit = 1_000;
  const parked = await usingClient(around, (client) => client.parked.list(limit));
  for (const { type, key, message, reason, at } of parked)
    around.print([type, key, message, new Date(at).toISOString(), reason].join('\t'));
  around.progress.say(parked.length < limit ? `${parked.length} parked` : `${limit} parked, or more`);
  return 0;
}

async function release(words: readonly string[], around: ActorsSurroundings): Promise<number> {
  const actor = actorOf(words, around);
  const how = words[2];
  if (how !== 'retry' && how !== 'give-up')
    throw new UsageProblem('Say how: release TYPE KEY retry, or release TYPE KEY give-up.');
  const released = await usingClient(around, ({ parked }) => parked.release(actor, actor.key, how));
  if (!released) await warnIfNotHosted(actor, around);
  around.progress.say(`${actor.type} ${actor.key} ${released ? 'goes on' : 'was not parked'}`);
  return released ? 0 : 1;
}

async function listDead(words: readonly string[], around: ActorsSurroundings): Promise<number> {
  const actor = actorOf(words, around);
  const letters = await deadLettersOf(around.redis, namespace, actor);
  for (const letter of letters) around.print(lineOf(letter));
  if (letters.length === 0) await warnIfNotHosted(actor, around);
  around.progress.say(`${letters.length} dead letters of ${actor.type} ${actor.key}`);
  return 0;
}

async function scanDead(maxKeys: number, { redis, progress, print }: ActorsSurroundings): Promise<number> {
  progress.warn(`Walking through the keys of Redis, ${maxKeys} at most.`);
  const { actors, keys, complete } = await scanForDeadLetters(redis, namespace, maxKeys);
  let count = 0;
  for (const actor of actors) {
    for (const letter of await deadLettersOf(redis, namespace, actor)) {
      print(lineOf(letter));
      count++;
    }
  }
  const seen = complete ? 'all keys' : `about ${keys} keys; there are more`;
  progress.say(`${count} dead letters of ${actors.length} actors in ${seen}`);
  return 0;
}

async function retry(words: readonly string[], around: ActorsSurroundings): Promise<number> {
  const actor = actorOf(words, around);
  const jobId = words[2];
  if (jobId === undefined) throw new UsageProblem('Say which: retry TYPE KEY JOB.');
  const { redis, config, progress } = around;
  const { mailboxLimit } = config.actors;
  const mailbox = new BullMqMailbox({
    redis,
    clock: systemClock,
    logger: silentLogger,
    namespace,
    mailboxLimit,
  });
  const sent = await retryDeadLetter(redis, mailbox, namespace, { actor, jobId });
  if (!sent) await warnIfNotHosted(actor, around);
  progress.say(`${actor.type} ${actor.key} ${sent ? 'has it again' : `has no dead letter ${jobId}`}`);
  return sent ? 0 : 1;
}

/** @throws UsageProblem */
function actorOf([type = '', key = '']: readonly string[], { config }: ActorsSurroundings): ActorAddress {
  if (!isActorType(type) || key === '')
    throw new UsageProblem(
      'Say which actor: its TYPE, in lower case as npm run actors -- types says, and its KEY.',
    );
  return addressOf(type, key, config.actors.shards);
}

/** A type that nobody hosts may have been one, and left something; or it is misspelt. */
async function warnIfNotHosted({ type }: ActorAddress, around: ActorsSurroundings): Promise<void> {
  const types = await usingClient(around, (client) => client.hostedTypes());
  if (types.includes(type)) return;
  const hosted = types.length === 0 ? 'no node is alive' : `the nodes host ${types.join(', ')}`;
  around.progress.warn(`Nobody hosts the type ${type} now: ${hosted}.`);
}

async function usingClient<T>(
  { redis, config }: ActorsSurroundings,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  await using client = await openOperatorClient(redis, config);
  return await use(client);
}

function lineOf({ actor, message, jobId, at, reason }: DeadLetter): string {
  return [actor.type, actor.key, message, jobId, new Date(at).toISOString(), reason].join('\t');
}
