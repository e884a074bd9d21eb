import { isActorType } from '@trolley/runtime';
import { exitCodes } from '../../../shop/process/run-command.ts';
import { UsageProblem } from '../../../shop/process/start-problem.ts';
import type { Call } from '../call.ts';
import { counted } from '../deal.ts';
import { hostedNote } from '../hosted.ts';
import { tableOf, timeOf } from '../table.ts';
import type { Verb } from '../verb.ts';

/** Actors that rest until somebody lets them go on. */
export const parkedVerbs: readonly Verb[] = [
  {
    name: 'parked',
    summary: 'actors that rest until they are released, those longest so first',
    about:
      'They rest at a message that failed (types with onPoison: park), or, with - for it, at an effect’s outcome, a reminder or a\nstored state.',
    flags: {
      type: { value: 'TYPE', help: 'of this type' },
      limit: { value: 'N', help: 'so many at most, 1 to 500 (default 100)' },
      after: { value: 'CURSOR', help: 'goes on behind an earlier list, which named the cursor' },
    },
    isReport: true,
    async run(call, around) {
      const { parked } = await around.cluster();
      const query = { type: call.text('type'), limit: call.count('limit', 500), cursor: call.text('after') };
      const { items, cursor } = await parked.list(query);
      const table = tableOf(items, {
        TYPE: ({ type }) => type,
        KEY: ({ key }) => key,
        MESSAGE: ({ message }) => message,
        SINCE: ({ at }) => timeOf(at),
        TRIES: ({ attempts }) => attempts,
        REASON: ({ reason }) => reason,
      });
      return { items, table, notes: [counted(items.length, 'parked actor')], cursor };
    },
  },
  {
    name: 'parked release',
    words: 'TYPE KEY retry|give-up',
    maxWords: 3,
    summary: 'lets one go on: with the message it failed at, or behind it, which makes a dead letter of it',
    isReport: false,
    async run(call, around) {
      const { type, key } = actorOf(call);
      const how = call.words[2];
      if (how !== 'retry' && how !== 'give-up')
        throw new UsageProblem('Say how: parked release TYPE KEY retry, or parked release TYPE KEY give-up.');
      const cluster = await around.cluster();
      const action = {
        action: 'release parked actor',
        target: `${type}/${key}`,
        details: { firstMessage: how },
      };
      const isReleased = await around.audited(action, () => cluster.parked.release({ type }, key, how));
      const warning = isReleased ? [] : await hostedNote(cluster, type);
      return {
        items: [{ type, key, outcome: isReleased ? 'released' : 'not parked' }],
        notes: [...warning, `${type} ${key} ${isReleased ? 'goes on' : 'was not parked'}`],
        code: isReleased ? exitCodes.done : exitCodes.failed,
      };
    },
  },
];

/** @throws UsageProblem */
export function actorOf({ words: [type = '', key = ''] }: Call): { type: string; key: string } {
  if (!isActorType(type) || key === '')
    throw new UsageProblem(
      'Say which actor: its TYPE, in lower case as npm run trolley -- types says, and its KEY.',
    );
  return { type, key };
}
