import { ClusterClient } from '../cluster/client.ts';
import type { LinkPort } from '../cluster/node-link.ts';
import { createRef, type MessageSender } from '../define/create-ref.ts';
import type { ClientInterceptor } from '../define/interceptor.ts';
import type { ActorRefs } from '../define/ref.ts';
import type { FakeClock } from './fake-clock.ts';
import type { Logger } from '../observe/logger.ts';
import { linkedPorts, linkMailbox, linkRegistry, openLinkedInbox } from './linked-ports.ts';
import type { MemoryServers } from './memory-servers.ts';
import type { Network } from './network.ts';
import { SimulatedProcess } from './simulated-process.ts';

/** What all processes of a test cluster share. */
export interface Surroundings {
  readonly clock: FakeClock;
  readonly servers: MemoryServers;
  readonly network: Network;
  readonly shards: number;
  readonly random: () => number;
  readonly leaseMs: number;
  readonly logger: Logger;
  readonly newId: () => string;
  /** Lets the cluster move on until it settles. */
  readonly wait: <T>(promise: Promise<T>) => Promise<T>;
}

/** A process that only asks. */
export class TestClient extends SimulatedProcess {
  readonly refs: ActorRefs;
  readonly #client: ClusterClient;
  readonly #network: Network;

  /** @internal */
  constructor(name: string, surroundings: Surroundings, interceptors: readonly ClientInterceptor[] = []) {
    super(name, surroundings.clock, surroundings.network);
    this.#client = openRefs(this, surroundings, interceptors);
    this.#network = surroundings.network;
    this.refs = waitingRefs(this.#client, surroundings);
  }

  /**
   * Asks by way of a node from now on, as a process of the same machine does that ends with it.
   * @internal
   */
  linkTo(node: SimulatedProcess & { linkToAsker(port: LinkPort): void }): void {
    const [here, there] = linkedPorts(this.#network, this, node);
    node.linkToAsker(there);
    this.#client.linkToNode(here);
  }
}

/** The refs of a process for a test: time passes while it waits for an answer. */
export function waitingRefs(client: ClusterClient, { wait }: Surroundings): ActorRefs {
  const sender: MessageSender = {
    ask: (message, options) => wait(client.ask(message, options)),
    tell: (message, options) => wait(client.tell(message, options)),
  };
  return { ref: (contract, key) => createRef(sender, contract, key) };
}

/** The refs of one process; asks through them do not make time pass. */
export function openRefs(
  process: SimulatedProcess,
  { network, servers, ...surroundings }: Surroundings,
  interceptors: readonly ClientInterceptor[] = [],
): ClusterClient {
  const link = { network, servers, process };
  const inbox = openLinkedInbox(link);
  return new ClusterClient({
    ...surroundings,
    clock: process.clock,
    mailbox: linkMailbox(link),
    registry: linkRegistry(link),
    inbox,
    interceptors,
  });
}
