import type { Verb } from './verb.ts';
import { completionVerb } from './completion.ts';
import { clusterVerbs } from './verbs/cluster-verbs.ts';
import { deadVerbs } from './verbs/dead-verbs.ts';
import { eventVerbs } from './verbs/event-verbs.ts';
import { outboxVerbs } from './verbs/outbox-verbs.ts';
import { parkedVerbs } from './verbs/parked-verbs.ts';

/** In the order of the help. */
export const verbs: readonly Verb[] = [
  ...clusterVerbs,
  ...deadVerbs,
  ...parkedVerbs,
  ...outboxVerbs,
  ...eventVerbs,
  completionVerb(() => verbs),
];
