import { expect } from 'chai';
import fc from 'fast-check';
import { mutants, redundant } from './mutants.ts';
import { programs } from './programs.ts';
import { runProtocol, type Run } from './run.ts';
import { anyDeviations, everySingleDeviation, everyZombie, search } from './search.ts';

/*
 * Explores how two nodes, a client and their servers interleave: what arrives next, what is lost, doubled or late,
 * who crashes, freezes or thaws, and when. A run is named by its deviations from the usual course; each can be
 * repeated.
 */
describe('the protocol of leases, messages and states', () => {
  const tell = (run: Run | undefined) => [...(run?.deviations ?? []), ...(run?.violations ?? [])].join('\n');

  for (const [name, program] of Object.entries(programs)) {
    it(`holds whatever single thing goes otherwise: ${name}`, async () => {
      const { runs, broken } = await search(everySingleDeviation, program);
      expect(broken, tell(broken)).to.equal(undefined);
      expect(runs).to.be.greaterThan(400);
    });

    it(`holds whenever a node freezes in a turn and thaws in one of its successor: ${name}`, async () => {
      const { runs, broken } = await search(everyZombie, program);
      expect(broken, tell(broken)).to.equal(undefined);
      expect(runs).to.be.greaterThan(100);
    });

    it(`holds when several things go otherwise: ${name}`, async () => {
      const holds = fc.asyncProperty(anyDeviations, async (deviations) => {
        const run = await runProtocol(program, deviations);
        expect(run.violations, tell(run)).to.deep.equal([]);
      });
      await fc.assert(holds, { numRuns: 250, seed: 1 });
    });
  }

  for (const [name, { program, plan, ...mutation }] of Object.entries(mutants)) {
    it(`would not hold if ${name}`, async () => {
      const { runs, broken } = await search(plan, programs[program], mutation);
      expect(broken, `${runs} runs found nothing broken`).to.not.equal(undefined);
    });
  }

  for (const [name, { program, plan, ...mutation }] of Object.entries(redundant)) {
    it(`would hold even if ${name}`, async () => {
      const { broken } = await search(plan, programs[program], mutation);
      expect(broken, tell(broken)).to.equal(undefined);
    });
  }
});
