import { z } from 'zod';
import { isActorError, type Actors, type Contracts, type Mailboxes, type Nodes } from '@trolley/runtime';
import { reasonOf } from '@trolley/runtime/observe';
import { ActorKey, ActorType } from './fields.ts';
import { type ApiRoute, defineAction, defineRead } from './route.ts';

export interface ActorRoutesOptions {
  readonly actors: Actors;
  readonly contracts: Contracts;
  readonly mailboxes: Mailboxes;
  readonly nodes: Nodes;
}

const One = z.object({ type: ActorType, key: ActorKey });
const maxRecordedInput = 2_000;

/** `/api/actor…`: any actor, and what may be done to it by hand. */
export function actorRoutes({ actors, contracts, mailboxes, nodes }: ActorRoutesOptions): ApiRoute[] {
  /** Also where no node can be asked: then what waits is known all the same. */
  async function inspected(type: string, key: string): Promise<object> {
    try {
      return { actor: await actors.inspect(type, key) };
    } catch (error) {
      if (!isActorError(error) || error.code === 'invalid_request') throw error;
      return { problem: reasonOf(error) };
    }
  }

  return [
    defineRead({
      path: '/api/contracts',
      query: z.object({}),
      answer: async () => ({ contracts: await contracts.list() }),
    }),
    defineRead({
      path: '/api/actors',
      query: z.object({}),
      async answer() {
        const reports = (await nodes.list()).filter((node) => node.isReporting);
        const busiest = reports.flatMap(({ name, busiestKeys }) =>
          busiestKeys.map((key) => ({ ...key, node: name })),
        );
        return {
          busiest: busiest.sort((one, other) => other.turnsPerSecond - one.turnsPerSecond),
          failures: reports.flatMap(({ failures }) => failures).sort((one, other) => other.at - one.at),
        };
      },
    }),
    defineRead({
      path: '/api/actor',
      query: One,
      async answer({ type, key }) {
        const [known, mailbox] = await Promise.all([inspected(type, key), mailboxes.get(type, key)]);
        return { ...known, mailbox };
      },
    }),
    defineAction({
      path: '/api/actor/passivate',
      body: One,
      audit: ({ type, key }) => ({ action: 'passivate actor', target: `${type}/${key}` }),
      async perform({ type, key }) {
        const note = (await actors.passivate(type, key)) ? 'it has left memory' : 'it was not in memory';
        return { result: { note }, note };
      },
    }),
    defineAction({
      path: '/api/actor/send',
      body: One.extend({
        message: z.string().min(1).max(200),
        input: z.unknown(),
        messageId: z.string().min(1).max(200),
      }),
      audit: ({ type, key, message, messageId, input }) => ({
        action: 'send message',
        target: `${type}/${key}`,
        details: { message, messageId, input: recorded(input) },
      }),
      async perform({ type, key, message, input, messageId }, { requestId }) {
        const sent = await actors.send(type, key, message, input, { messageId, requestId });
        const note = 'answer' in sent ? 'it was answered' : 'it is in the mailbox';
        return { result: { ...sent, note }, note };
      },
    }),
  ];
}

/** What was sent, or its beginning. */
function recorded(input: unknown): unknown {
  const json = JSON.stringify(input ?? null);
  return json.length <= maxRecordedInput ? input : `${json.slice(0, maxRecordedInput)}…`;
}
