import { assertPortFree, portProblem, type PortClaim } from '../infra/ports.ts';

/** Where this program listens, and what it says when it cannot. */
export const listening = {
  /** All of them are called from other machines. */
  gateway: '0.0.0.0',
  services: '0.0.0.0',
  probes: '0.0.0.0',

  /** @throws StartProblem one line: which port, which variable, who has it */
  async open<T>(claim: PortClaim, open: () => Promise<T>): Promise<T> {
    await assertPortFree(claim);
    try {
      return await open();
    } catch (error) {
      // Somebody may have taken it since it was looked at.
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      throw taken ? portProblem(claim, error as NodeJS.ErrnoException) : error;
    }
  },
};
