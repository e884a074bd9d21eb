import { counted } from '../deal.ts';
import { tableOf } from '../table.ts';
import type { Verb } from '../verb.ts';

/** Who does what. */
export const clusterVerbs: readonly Verb[] = [
  {
    name: 'types',
    summary: 'the actor types that nodes host now',
    isReport: true,
    async run(_call, around) {
      const types = await (await around.cluster()).hostedTypes();
      const items = types.map((type) => ({ type }));
      return {
        items,
        table: tableOf(items, { TYPE: ({ type }) => type }),
        notes: [counted(types.length, 'type')],
      };
    },
  },
];
