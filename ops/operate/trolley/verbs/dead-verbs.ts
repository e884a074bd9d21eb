import type { ActorCluster, DeadLetter, Page } from '@trolley/runtime';
import { exitCodes } from '../../../shop/process/run-command.ts';
import { UsageProblem } from '../../../shop/process/start-problem.ts';
import type { Call } from '../call.ts';
import { counted, deal, dealingFlags } from '../deal.ts';
import { hostedNote } from '../hosted.ts';
import { tableOf, timeOf } from '../table.ts';
import type { Flag, Verb } from '../verb.ts';

const filters: Readonly<Record<string, Flag>> = {
  type: { value: 'TYPE', help: 'of actors of this type' },
  key: { value: 'KEY', help: 'with --type: of this actor' },
  message: { value: 'NAME', help: 'of this message, such as AddItem' },
  reason: { value: 'TEXT', help: 'whose reason holds this, in any case' },
  since: { value: 'TIME', help: 'that failed since then: 15m, 2h, 7d ago, or a date' },
  until: { value: 'TIME', help: 'that failed before' },
};

const noun = 'dead letter';

/** Messages that failed for good. */
export const deadVerbs: readonly Verb[] = [
  {
    name: 'dead',
    summary: 'dead letters: messages that failed for good, the oldest first',
    about:
      'A message dies when its handler has failed three times, or has taken its node down again and again.',
    flags: {
      ...filters,
      limit: { value: 'N', help: 'so many at most, 1 to 500 (default 100)' },
      after: { value: 'CURSOR', help: 'goes on behind an earlier list, which named the cursor' },
    },
    isReport: true,
    async run(call, around) {
      const cluster = await around.cluster();
      const { items, cursor } = await find(
        cluster,
        call,
        call.count('limit', 500) ?? 100,
        call.text('after'),
      );
      const type = call.text('type');
      const warning = items.length === 0 && type !== undefined ? await hostedNote(cluster, type) : [];
      return {
        items,
        table: tableOfLetters(items),
        notes: [...warning, counted(items.length, noun)],
        cursor,
      };
    },
  },
  {
    name: 'dead show',
    words: 'ID',
    maxWords: 1,
    summary: 'one of them as JSON, with what its message said',
    isReport: true,
    async run(call, around) {
      const id = call.word(0, 'Say which: an ID, as npm run trolley -- dead lists it.');
      const letter = await (await around.cluster()).deadLetters.get(id);
      if (letter === undefined)
        return { items: [], notes: [`There is no ${noun} ${id}`], code: exitCodes.failed };
      return { items: [letter], text: JSON.stringify(letter, undefined, 2) };
    },
  },
  {
    name: 'dead replay',
    words: '[ID…]',
    maxWords: 500,
    summary: 'sends them again, behind what waits, under their messages’ ids',
    about:
      'What was applied meanwhile is not applied again. Who had asked is not answered any more, and may have asked again under\nanother id: look first.',
    flags: { ...filters, ...dealingFlags },
    isReport: false,
    run: async (call, around) => {
      const cluster = await around.cluster();
      const act = ({ id }: DeadLetter) => cluster.deadLetters.replay(id);
      return deal(call, around, { verb: 'replay', ...dealingWith(cluster, call), act });
    },
  },
  {
    name: 'dead discard',
    words: '[ID…]',
    maxWords: 500,
    summary: 'removes them for good',
    flags: { ...filters, because: { value: 'TEXT', help: 'why, for the record' }, ...dealingFlags },
    isReport: false,
    run: async (call, around) => {
      const cluster = await around.cluster();
      const because = call.text('because');
      const act = ({ id }: DeadLetter) => cluster.deadLetters.discard(id, { reason: because });
      const details = because === undefined ? {} : { details: { reason: because } };
      return deal(call, around, { verb: 'discard', ...dealingWith(cluster, call), ...details, act });
    },
  },
];

const dealingWith = (cluster: ActorCluster, call: Call) => ({
  noun,
  filters: Object.keys(filters),
  find: (id: string) => cluster.deadLetters.get(id),
  pick: async (limit: number) => (await find(cluster, call, limit)).items,
  idOf: ({ id }: DeadLetter) => id,
  preview: tableOfLetters,
});

const tableOfLetters = (letters: readonly DeadLetter[]) =>
  tableOf(letters, {
    TYPE: ({ type }) => type,
    KEY: ({ key }) => key,
    MESSAGE: ({ message }) => message,
    ID: ({ id }) => id,
    FAILED: ({ at }) => timeOf(at),
    TRIES: ({ attempts }) => attempts,
    REASON: ({ reason }) => reason,
  });

/** Those that the flags pick. */
async function find(
  { deadLetters }: ActorCluster,
  call: Call,
  limit: number,
  after?: string,
): Promise<Page<DeadLetter>> {
  const [type, key] = [call.text('type'), call.text('key')];
  if (key !== undefined && type === undefined) throw new UsageProblem('--key goes with --type.');
  return deadLetters.list({
    ...{ type, key, message: call.text('message'), reason: call.text('reason') },
    ...{ newerThan: call.moment('since'), olderThan: call.moment('until'), limit, cursor: after },
  });
}
