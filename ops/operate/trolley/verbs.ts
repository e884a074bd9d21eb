import type { Verb } from './verb.ts';
import { completionVerb } from './completion.ts';
import { actorVerbs } from './verbs/actor-verbs.ts';
import { clusterVerbs } from './verbs/cluster-verbs.ts';
import { deadVerbs } from './verbs/dead-verbs.ts';
import { eventVerbs } from './verbs/event-verbs.ts';
import { mailboxVerbs } from './verbs/mailbox-verbs.ts';
import { outboxVerbs } from './verbs/outbox-verbs.ts';
import { parkedVerbs } from './verbs/parked-verbs.ts';
import { sagaVerbs } from './verbs/saga-verbs.ts';
import { topVerb } from './verbs/top-verb.ts';

/** In the order of the help. */
export const verbs: readonly Verb[] = [
  topVerb,
  ...clusterVerbs,
  ...actorVerbs,
  ...mailboxVerbs,
  ...deadVerbs,
  ...parkedVerbs,
  ...sagaVerbs,
  ...outboxVerbs,
  ...eventVerbs,
  completionVerb(() => verbs),
];
