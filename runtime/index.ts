/**
 * The actor runtime: strict order per key, durable mailboxes, effectively-once turns and failover, on Redis and
 * open-source BullMQ. It knows nothing of carts.
 *
 * - **Actor**: a type and a key (`cart`, `42`). Handles one message at a time, wherever it lives.
 * - **Contract**: what callers know of a type: its messages, with input and output. `defineContract`.
 * - **Definition**: its behaviour: state, handlers, effects. `defineActor`.
 * - **Ref**: one actor as a caller sees it: `refs.ref(Contract, key).message(input)`, or
 *   `.ask('Message', input)` by its name.
 * - **Mailbox**: an actor's queue, first in, first out; a BullMQ queue of its own.
 * - **Message**: what is sent. Its id makes a second delivery harmless.
 * - **Ask / tell**: send and wait for the answer / send and wait until it is in the mailbox.
 * - **Turn**: one or more waiting messages handled in order and written together, with one compare-and-set.
 * - **Read-only message**: one whose handler changes nothing. Those that wait together run beside each other, on what
 *   is durable, and may be asynchronous.
 * - **Effect**: work outside the actor (a call, an ask), wanted by a turn, performed once the turn is durable, at
 *   least once and always under the same id; its outcome is the next turn.
 * - **Reminder**: a message of an actor to itself at a later time; kept with the state, so it is late rather than lost.
 * - **Refusal**: an answer that is no; an error with a code that the contract declares. It changes nothing.
 * - **Deferred answer**: an answer that a later turn gives. The caller is kept with the state.
 * - **Activation**: an actor's state in one node's memory, from the first message until passivation.
 * - **Passivation**: an idle actor leaves memory. In Redis it left nothing already when its mailbox ran empty.
 * - **Node**: a process that hosts actors. **Client**: one that only asks.
 * - **Shard**: a slice of all keys; what nodes share out among themselves, by rendezvous hashing.
 * - **Lease**: a node's right to a shard, for a few seconds at a time. Its token carries an epoch that only grows:
 *   the fencing token, checked by every script that finishes a message.
 * - **Wake-up**: the hint that an idle actor has got a message. The truth is the shard's ready set.
 * - **Dead letter**: a message that failed for good, kept as a failed job.
 * - **Parked actor**: one that failed for good at a message, and by its policy takes no other until it is released.
 * - **Inspection**: what operators see of nodes, shards, mailboxes and actors of any type, and do to them. Nodes report
 *   once a second, and answer questions about their actors.
 * - **Store of record**: where states live, by actor type. Redis is disposable, this is not.
 */
export { defineActor } from './define/actor.ts';
export type {
  Actor,
  ActorDefinition,
  AnyActor,
  Effect,
  EffectContext,
  EffectInput,
  EffectName,
  EffectResult,
  Effects,
  LaterAnswer,
  OnResult,
  Outcome,
  OutboxEvent,
  PerformOptions,
  ReadTurn,
  Receive,
  ReminderOptions,
  ReminderTime,
  Turn,
  TurnOf,
  TurnOn,
} from './define/actor.ts';
export type {
  CanDefer,
  DeferrableName,
  Deferred,
  DeferredAnswers,
  NoTags,
  TagOf,
  TagSchemas,
  Waiting,
} from './define/deferred.ts';
export type { DeepReadonly } from './define/deep-readonly.ts';
export { defineContract, isActorType } from './define/contract.ts';
export type {
  ActorContract,
  AskableName,
  ChangingName,
  InputOf,
  MessageName,
  MessageSpec,
  MessageSpecs,
  NoRefusals,
  OutputOf,
  ParsedInputOf,
  ReadOnlyName,
  RefusalSpecs,
} from './define/contract.ts';
export { isRefusal, refusal } from './define/refusal.ts';
export type { Refusal, RefusalCode, RefusalOf } from './define/refusal.ts';
export { isKeyOf } from './define/create-ref.ts';
export type { Schema, SchemaInput, SchemaOutput } from './define/schema.ts';
export type { CallContext } from './define/call-context.ts';
export type { TraceContext } from './define/trace-context.ts';
export type {
  ClientInterceptor,
  HandledMessage,
  Next,
  NodeInterceptor,
  OutgoingAsk,
  OutgoingMessage,
  OutgoingTell,
  PerformedEffect,
  TakenOutcome,
} from './define/interceptor.ts';
export type { MethodOf, ReservedName } from './define/message-method.ts';
export type {
  ActorRef,
  ActorRefs,
  AskOptions,
  MessageArguments,
  MessageMethods,
  NamedMessages,
  SendOptions,
  TellOptions,
} from './define/ref.ts';
export { ActorError, codeOf, runtimeCodes, isActorError } from './define/errors.ts';
export type { ErrorDetails, Retry, RuntimeCode } from './define/errors.ts';
export { pause, systemClock } from './define/clock.ts';
export type { Cancel, Clock } from './define/clock.ts';
export { backOffMs } from './flow/back-off.ts';
export type { BackOff } from './flow/back-off.ts';
export { connect } from './cluster/connect.ts';
export type { LinkPort } from './cluster/node-link.ts';
export type { ActorCluster, ConnectOptions } from './cluster/connect.ts';
export type {
  Client,
  ClientOptions,
  ClusterNode,
  ClusterOptions,
  NodeOptions,
} from './cluster/open-cluster.ts';
export type { Inspection } from './inspect/inspection.ts';
export type { Nodes } from './inspect/nodes.ts';
export type { BusyKey, NodeDetails, NodeReport, RecentFailure } from './inspect/node-report.ts';
export type { ShardLeaseReport, ShardMove, Shards } from './inspect/shards.ts';
export type {
  Mailboxes,
  MailboxPage,
  MailboxQuery,
  MessageQuery,
  OpenedMailbox,
} from './inspect/mailboxes.ts';
export type { MailboxMessage, MailboxReport } from './inspect/mailbox-report.ts';
export type { MailboxState, MessageState } from './mailbox/mailbox-view.ts';
export type { Actors, InspectOptions, SendByHandOptions, SentByHand } from './inspect/actors.ts';
export type { ActorOnNode, ActorReport, WaitingReport, WantedEffect } from './inspect/actor-report.ts';
export type { ActivationView } from './kernel/actor-view.ts';
export type { Contracts } from './inspect/contracts.ts';
export type { ContractReport, MessageReport } from './inspect/contract-report.ts';
export type { JsonSchema } from './define/json-schema.ts';
export type { Excerpt } from './observe/excerpt.ts';
export type { BulkOptions, BulkResult } from './inspect/bulk.ts';
export type {
  DeadLetter,
  DeadLetterQuery,
  DeadLetters,
  DiscardOptions,
  OpenedDeadLetter,
} from './inspect/dead-letters.ts';
export type { Page, PageQuery } from './inspect/page.ts';
export type { MailboxLoad } from './mailbox/mailbox-admin.ts';
export type { ParkedActor, ParkedActors, ParkedQuery } from './inspect/parked-actors.ts';
export type { KernelLimits } from './kernel/kernel.ts';
export type { HostedActor } from './kernel/stored-actor.ts';
export type {
  EffectReport,
  FailedMessage,
  FailedTry,
  NodeObserver,
  ParkedReport,
  StateReport,
  TurnReport,
} from './kernel/node-observer.ts';
export { createLogger, silentLogger } from './observe/logger.ts';
export type { LogBase, Logger } from './observe/logger.ts';
export type { RedisTls } from './redis/open-redis.ts';
export type { RedisConnection } from './redis/redis-connection.ts';
export type {
  ActorRecord,
  AppliedMessage,
  ArchivePage,
  PendingEffect,
  StateStore,
  StateWrite,
  StoredActor,
  StoredAnswer,
  WaitingCaller,
} from './storage/state-store.ts';
