import cluster from 'node:cluster';
import { assertPortFree, portProblem, type PortClaim } from '../process/ports.ts';

/** Where this program listens, and what it says when it cannot. */
export const listening = {
  /** @throws StartProblem one line: which port, which variable, who has it */
  async open<T>(claim: PortClaim, open: () => Promise<T>): Promise<T> {
    // Processes of one cluster listen together.
    if (!cluster.isWorker) await assertPortFree(claim);
    try {
      return await open();
    } catch (error) {
      // Somebody may have taken it since it was looked at, and a port of 0 was not.
      const { code = '' } = error as NodeJS.ErrnoException;
      const refused = ['EADDRINUSE', 'EADDRNOTAVAIL', 'ENOTFOUND'].includes(code);
      throw refused ? portProblem(claim, error as NodeJS.ErrnoException) : error;
    }
  },
};
