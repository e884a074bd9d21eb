import type { ContractReport } from './contract-report.ts';
import type { NodeBoard } from './node-board.ts';

/** The actor types of a cluster. */
export interface Contracts {
  /** By type. Where nodes have several versions, the newest. */
  list(): Promise<readonly ContractReport[]>;
}

export interface ContractsOptions {
  /** Names of the nodes that live. */
  readonly members: () => Promise<readonly string[]>;
  readonly board: Pick<NodeBoard, 'contracts'>;
}

export function contracts({ members, board }: ContractsOptions): Contracts {
  return {
    async list() {
      const newest = new Map<string, ContractReport>();
      for (const hosted of await board.contracts(await members())) {
        for (const report of hosted) {
          if ((newest.get(report.type)?.version ?? 0) < report.version) newest.set(report.type, report);
        }
      }
      return [...newest.values()].sort((one, other) => (one.type < other.type ? -1 : 1));
    },
  };
}
