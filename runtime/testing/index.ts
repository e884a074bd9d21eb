/**
 * Tests of actors without servers: the whole cluster in one process, on a clock and a network that the test
 * owns, with crashes, frozen nodes, partitions and lost messages at will, repeatable by a seed.
 */
export { createTestCluster } from './test-cluster.ts';
export type { TestCluster, TestClusterOptions } from './test-cluster.ts';
export type { NodeContext, TestNode } from './test-node.ts';
export type { TestClient } from './test-client.ts';
export type { Connection, Cut, PartitionOptions, SimulatedProcess } from './simulated-process.ts';
export type { Endpoint, Fate, Network, Port, Transit } from './network.ts';
export { createRef } from '../define/create-ref.ts';
export type { AddressedMessage, MessageSender } from '../define/create-ref.ts';
export { parseOrThrow } from '../define/schema.ts';
export { FakeClock } from './fake-clock.ts';
export { heldBytes } from './held-bytes.ts';
export { recordMessages } from './recorded-messages.ts';
export { CuttableLine } from './cuttable-line.ts';
export { MemoryStateStore } from '../storage/memory-state-store.ts';
export type { MemoryStateStoreFaults, PublishedEvent } from '../storage/memory-state-store.ts';
/** One turn without a node, for drivers that search through what may happen in which order. */
export { applyMessage, applyOutcome } from '../kernel/apply.ts';
export { initialState, recordOf } from '../kernel/stored-record.ts';
export { completed, draftOf, isBlank, isPostponable } from '../kernel/turn-draft.ts';
export type { AddressedReply, TurnDraft } from '../kernel/turn-draft.ts';
export type { TurnContext } from '../kernel/turn-context.ts';
