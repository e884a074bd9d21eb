import { Kafka, logLevel } from 'kafkajs';
import { startPrivateKafka, type PrivateServer } from './test-servers.ts';

interface Held {
  readonly server: PrivateServer;
  owner: string;
  inUse: boolean;
}

const held: Held[] = [];
let taking: Promise<unknown> = Promise.resolve();

/**
 * The address of a Kafka for one shop alone: topics and groups have the names of the wire, so two shops can't share
 * one. The same shop gets the one that it had; another gets one whose shop has gone, emptied, before one is started.
 */
export function takeShopKafka(owner: string): Promise<string> {
  const taken = taking.then(() => take(owner));
  taking = taken.catch(() => undefined);
  return taken;
}

/** The shop has ended. */
export function releaseShopKafka(owner: string): void {
  for (const each of held) if (each.owner === owner) each.inUse = false;
}

/** Ends all of them: the tests are over. */
export async function stopShopKafkas(): Promise<void> {
  await Promise.all(held.splice(0).map(({ server }) => server.stop()));
}

async function take(owner: string): Promise<string> {
  const own = held.find((each) => each.owner === owner);
  const found = own ?? (await findEmpty()) ?? (await startAnother());
  found.owner = owner;
  found.inUse = true;
  return found.server.url;
}

async function findEmpty(): Promise<Held | undefined> {
  for (const each of held) if (!each.inUse && (await empty(each.server.url))) return each;
  return undefined;
}

async function startAnother(): Promise<Held> {
  const started: Held = { server: await startPrivateKafka(), owner: '', inUse: false };
  held.push(started);
  return started;
}

/** Whether it could be: for some seconds the consumers of a shop that was killed count as alive. */
async function empty(broker: string): Promise<boolean> {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const { groups } = await admin.listGroups();
    const ids = groups.map(({ groupId }) => groupId);
    const described = await admin.describeGroups(ids);
    if (described.groups.some(({ members }) => members.length > 0)) return false;
    await admin.deleteGroups(ids);
    const topics = await admin.listTopics();
    await admin.deleteTopics({ topics: topics.filter((topic) => !topic.startsWith('__')) });
    return true;
  } finally {
    await admin.disconnect();
  }
}
