import type { Actors } from '../inspect/actors.ts';
import { inspection, type Inspection } from '../inspect/inspection.ts';
import type { NodeBoard } from '../inspect/node-board.ts';
import { linkQuestions, openLinkedInbox } from './linked-ports.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { Surroundings } from './test-client.ts';
import type { TestNode } from './test-node.ts';

/** What a node said last is there for as long as on Redis. */
const ttlMs = 10_000;

/** What an operator sees of a test cluster, from a process of its own. Nodes post when somebody looks. */
export function testInspection(surroundings: Surroundings, nodes: () => readonly TestNode[]): Inspection {
  const { clock, network, servers, shards, newId, wait } = surroundings;
  const process = new SimulatedProcess('operator', clock, network);
  const link = { ...surroundings, process };
  const { board } = servers;
  const posted = async () => {
    await Promise.all(
      nodes()
        .filter(({ state }) => state === 'running')
        .map((node) => board.post(node.name, node.post(), ttlMs)),
    );
    return board;
  };
  const current: NodeBoard = {
    post: (...given) => board.post(...given),
    remove: (...given) => board.remove(...given),
    details: async (names) => (await posted()).details(names),
    contracts: async (names) => (await posted()).contracts(names),
    steps: async (limit) => (await posted()).steps(limit),
  };
  const made = inspection({
    ...{ clock: process.clock, newId, shards, board: current },
    view: servers.memoryMailbox.view,
    holders: servers.registry,
    questions: linkQuestions(link),
    inbox: openLinkedInbox(link),
  });
  const actors: Actors = {
    inspect: (...given) => wait(made.actors.inspect(...given)),
    passivate: (...given) => wait(made.actors.passivate(...given)),
    send: (...given) => wait(made.actors.send(...given)),
  };
  return { ...made, actors };
}
