import type { NodeBoard } from './node-board.ts';
import type { NodeReport } from './node-report.ts';

/** The nodes of a cluster. */
export interface Nodes {
  /** Those that live, by name. Without any, nobody handles what is sent. */
  list(): Promise<readonly NodeReport[]>;
}

export interface NodesOptions {
  /** Names of those that live. */
  readonly members: () => Promise<readonly string[]>;
  readonly board: Pick<NodeBoard, 'details'>;
}

export function nodes({ members, board }: NodesOptions): Nodes {
  return {
    async list() {
      const names = await members();
      const details = await board.details(names);
      return names.map((name, at) => {
        const known = details[at];
        return known === undefined ? { name, isReporting: false } : { name, isReporting: true, ...known };
      });
    },
  };
}
