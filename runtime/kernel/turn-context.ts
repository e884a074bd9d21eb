import type { AnyActor } from '../define/actor.ts';
import type { MessageSpecs } from '../define/contract.ts';
import type { NodeInterceptor } from '../define/interceptor.ts';
import type { ActorAddress } from '../mailbox/address.ts';
import type { Logger } from '../observe/logger.ts';
import type { Kernel } from './kernel.ts';
import { initialState } from './stored-record.ts';
import type { TagSchemas } from './waiting-callers.ts';

/** What the handlers of one turn have in common. */
export interface TurnContext {
  readonly actorId: string;
  /** The actor type. */
  readonly type: string;
  readonly key: string;
  readonly now: number;
  readonly newId: () => string;
  readonly messages: MessageSpecs;
  /** By message. */
  readonly tags: TagSchemas;
  /** The state of a key that nothing is stored for. */
  readonly initial: () => unknown;
  readonly logger: Logger;
  /** Undefined where no interceptor has it. */
  readonly interceptHandle?: NodeInterceptor['handle'];
  readonly interceptOutcome?: NodeInterceptor['outcome'];
}

const noTags: TagSchemas = {};

export function turnContext(
  { clock, newId, logger, interceptHandle, interceptOutcome }: Kernel,
  actor: AnyActor,
  { id: actorId, type, key }: ActorAddress,
): TurnContext {
  const now = clock.now();
  return {
    actorId,
    type,
    key,
    now,
    newId,
    messages: actor.contract.messages as MessageSpecs,
    tags: (actor.definition.tags as TagSchemas | undefined) ?? noTags,
    initial: () => initialState(actor, key, now),
    logger,
    interceptHandle,
    interceptOutcome,
  };
}
