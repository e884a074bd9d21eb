import { randomUUID } from 'node:crypto';
import { CartContract } from '../../actors/cart/cart.contract.ts';
import { CheckoutContract } from '../../actors/checkout/checkout.contract.ts';
import { OrderContract } from '../../actors/order/order.contract.ts';
import { openClusterClient } from '../../runtime/cluster/open-cluster.ts';
import { systemClock } from '../../runtime/define/clock.ts';
import type { ActorContract } from '../../runtime/define/contract.ts';
import { silentLogger } from '../../runtime/observe/logger.ts';
import { addressOf, type ActorAddress } from '../../runtime/mailbox/address.ts';
import { BullMqMailbox } from '../../runtime/mailbox/bullmq-mailbox.ts';
import type { RedisConnection } from '../../runtime/redis/redis-connection.ts';
import type { Config } from '../config/config.ts';
import type { Progress } from '../infra/progress.ts';
import { UsageProblem } from '../infra/start-problem.ts';
import { deadLettersOf, retryDeadLetter, scanForDeadLetters, type DeadLetter } from './dead-letters.ts';

export const actorsHelp = `npm run actors -- parked
npm run actors -- release TYPE KEY retry | give-up
npm run actors -- dead TYPE KEY
npm run actors -- dead --scan [KEYS]
npm run actors -- retry TYPE KEY JOB

Lists what went wrong for good in the mailboxes of the cluster, and lets it go on. TYPE is cart, checkout or order;
KEY is a user's id, or the id of a checkout. A list has a line for each: actor, message, job, since when, reason.

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
const contracts: readonly ActorContract[] = [CartContract, CheckoutContract, OrderContract];

/** What `npm run actors -- …words` does. Resolves to the exit code. */
export async function runActors(call: ActorsCall, around: ActorsSurroundings): Promise<number> {
  const [verb, ...rest] = call.words;
  switch (verb) {
    case 'parked':
      return listParked(around);
    case 'release':
      return release(rest, around);
    case 'dead':
      return call.scan === undefined ? listDead(rest, around) : scanDead(call.scan, around);
    case 'retry':
      return retry(rest, around);
    default:
      throw new UsageProblem('Say what: parked, release, dead or retry. See --help.');
  }
}

async function listParked(around: ActorsSurroundings): Promise<number> {
  const limit = 1_000;
  const parked = await usingParked(around, (actors) => actors.list(limit));
  for (const { type, key, message, reason, at } of parked)
    around.print([type, key, message, new Date(at).toISOString(), reason].join('\t'));
  around.progress.say(parked.length < limit ? `${parked.length} parked` : `${limit} parked, or more`);
  return 0;
}

async function release(words: readonly string[], around: ActorsSurroundings): Promise<number> {
  const { contract, actor } = actorOf(words, around);
  const how = words[2];
  if (how !== 'retry' && how !== 'give-up')
    throw new UsageProblem('Say how: release TYPE KEY retry, or release TYPE KEY give-up.');
  const released = await usingParked(around, (actors) => actors.release(contract, actor.key, how));
  around.progress.say(`${actor.type} ${actor.key} ${released ? 'goes on' : 'was not parked'}`);
  return released ? 0 : 1;
}

async function listDead(words: readonly string[], around: ActorsSurroundings): Promise<number> {
  const { actor } = actorOf(words, around);
  const letters = await deadLettersOf(around.redis, namespace, actor);
  for (const letter of letters) around.print(lineOf(letter));
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
  const { actor } = actorOf(words, around);
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
  progress.say(`${actor.type} ${actor.key} ${sent ? 'has it again' : `has no dead letter ${jobId}`}`);
  return sent ? 0 : 1;
}

/** @throws UsageProblem */
function actorOf([type = '', key = '']: readonly string[], { config }: ActorsSurroundings) {
  const contract = contracts.find((each) => each.type === type);
  if (contract === undefined) {
    throw new UsageProblem(
      `Say which actor: TYPE is one of ${contracts.map((each) => each.type).join(', ')}.`,
    );
  }
  if (!contract.key.safeParse(key).success) throw new UsageProblem(`"${key}" is no key of a ${type}.`);
  const actor: ActorAddress = addressOf(type, key, config.actors.shards);
  return { contract, actor };
}

async function usingParked<T>(
  { redis, config }: ActorsSurroundings,
  use: (parked: ReturnType<typeof openClusterClient>['parked']) => Promise<T>,
): Promise<T> {
  const { shards, mailboxLimit } = config.actors;
  const cluster = {
    redis,
    clock: systemClock,
    logger: silentLogger,
    newId: randomUUID,
    shards,
    mailboxLimit,
  };
  const client = openClusterClient({ ...cluster, namespace });
  try {
    return await use(client.parked);
  } finally {
    await client.close();
  }
}

function lineOf({ actor, message, jobId, at, reason }: DeadLetter): string {
  return [actor.type, actor.key, message, jobId, new Date(at).toISOString(), reason].join('\t');
}
