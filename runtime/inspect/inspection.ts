import type { Clock } from '../define/clock.ts';
import type { MailboxView } from '../mailbox/mailbox-view.ts';
import { actors, type Actors } from './actors.ts';
import { contracts, type Contracts } from './contracts.ts';
import { mailboxes, type Mailboxes } from './mailboxes.ts';
import { NodeAsker } from './node-asker.ts';
import type { NodeBoard } from './node-board.ts';
import { nodes, type Nodes } from './nodes.ts';
import type { AnswerInbox, NodeQuestions } from './question.ts';
import { shards, type ShardHolders, type Shards } from './shards.ts';

/** What operators see of a cluster, and do to its actors, whatever their types. */
export interface Inspection {
  readonly nodes: Nodes;
  readonly shards: Shards;
  readonly mailboxes: Mailboxes;
  readonly actors: Actors;
  readonly contracts: Contracts;
}

export interface InspectionOptions {
  readonly view: MailboxView;
  readonly board: NodeBoard;
  readonly holders: ShardHolders & { members(): Promise<readonly string[]> };
  readonly questions: NodeQuestions;
  readonly inbox: AnswerInbox;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly shards: number;
}

export function inspection(options: InspectionOptions): Inspection {
  const { holders } = options;
  const members = () => holders.members();
  return {
    nodes: nodes({ ...options, members }),
    shards: shards(options),
    mailboxes: mailboxes(options),
    actors: actors({ ...options, asker: new NodeAsker(options) }),
    contracts: contracts({ ...options, members }),
  };
}
