import fc from 'fast-check';
import type { Program } from './programs.ts';
import { runProtocol, type Deviation, type Run, type Step } from './run.ts';
import type { Mutation } from './world.ts';

export interface Search {
  readonly runs: number;
  /** The first run that broke something. */
  readonly broken: Run | undefined;
}

export type Plan = (
  run: (deviations: readonly Deviation[], recorded?: boolean) => Promise<Run>,
) => AsyncGenerator<Run>;

/** Every single thing that may go otherwise, at every step. */
export const everySingleDeviation: Plan = async function* (run) {
  const usual = await run([], true);
  yield usual;
  for (const [step, { choices }] of usual.steps.entries()) {
    for (let choice = 0; choice < choices.length; choice++) yield await run([{ step, choice }]);
  }
};

const turnCalls = new Set(['claim', 'ack', 'isEmpty', 'load', 'write']);
const inTurn = ({ arrivals }: Step, isNode: (process: string) => boolean) =>
  arrivals.some(({ process, operation }) => turnCalls.has(operation) && isNode(process));

/** Every way to freeze a node in the middle of a turn, and to thaw it in the middle of one of its successor. */
export const everyZombie: Plan = async function* (run) {
  const usual = await run([], true);
  for (const [step, at] of usual.steps.entries()) {
    for (const [choice, { kind, process }] of at.choices.entries()) {
      if (kind !== 'freeze' || !inTurn(at, (other) => other === process)) continue;
      const frozen = await run([{ step, choice }], true);
      yield frozen;
      for (const [later, next] of frozen.steps.entries()) {
        const thaw = next.choices.findIndex((one) => one.kind === 'thaw' && one.process === process);
        if (thaw < 0 || !inTurn(next, (other) => other !== process)) continue;
        yield await run([
          { step, choice },
          { step: later, choice: thaw },
        ]);
      }
    }
  }
};

/** Runs a plan until something breaks. */
export async function search(plan: Plan, program: Program, mutation?: Mutation): Promise<Search> {
  let runs = 0;
  const run = (deviations: readonly Deviation[], recorded?: boolean) => {
    runs++;
    return runProtocol(program, deviations, { mutation, recorded: recorded === true });
  };
  for await (const done of plan(run)) if (done.violations.length > 0) return { runs, broken: done };
  return { runs, broken: undefined };
}

/** Runs that deviate at several steps, as fast-check draws them. */
export const anyDeviations = fc.array(fc.record({ step: fc.nat(80), choice: fc.nat(1_000) }), {
  minLength: 2,
  maxLength: 6,
});
