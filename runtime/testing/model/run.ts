import { untilSettled } from '../fake-clock.ts';
import type { Transit } from '../network.ts';
import { otherChoices, type Choice } from './choices.ts';
import type { Program } from './programs.ts';
import { World, type Mutation } from './world.ts';

/** At this step, instead of the oldest arrival, that one of all else that may happen. */
export interface Deviation {
  readonly step: number;
  /** Counted round, so that any number is a choice. */
  readonly choice: number;
}

export interface Step {
  readonly arrivals: readonly Transit[];
  readonly choices: readonly Choice[];
}

export interface RunOptions {
  readonly mutation?: Mutation | undefined;
  /** Whether to keep what else might have happened at each step. */
  readonly recorded?: boolean;
}

export interface Run {
  readonly violations: readonly string[];
  readonly deviations: readonly string[];
  /** Until all was over, if recorded. */
  readonly steps: readonly Step[];
}

/** Time for leases, sweeps and retries to put right what faults have left. */
const settleMs = 2_500;
/** After so long a key is stuck. */
const longestMs = 30_000;

/** Runs the protocol once: always the oldest arrival, else the next timer, but for the deviations. */
export async function runProtocol(
  program: Program,
  deviations: readonly Deviation[],
  { mutation, recorded = false }: RunOptions = {},
): Promise<Run> {
  const world = new World(program, mutation);
  const { cluster } = world;
  // Until the shard has its owner.
  await cluster.advance(700);
  const startedAt = cluster.clock.monotonic();
  program.begin(world);

  const chosen = new Map(deviations.map(({ step, choice }) => [step, choice]));
  const described: string[] = [];
  const steps: Step[] = [];
  for (let step = 0; step === 0 || !world.isOver; step++) {
    await untilSettled();
    const arrivals = cluster.network.arrivals();
    const choice = chosen.get(step);
    const choices = choice !== undefined || recorded ? otherChoices(cluster, arrivals) : [];
    if (recorded) steps.push({ arrivals, choices });
    const deviation = choice === undefined ? undefined : choices[choice % choices.length];
    if (deviation !== undefined) {
      described.push(`step ${step}: ${deviation.describe()}`);
      deviation.perform();
    } else if (arrivals[0] !== undefined) cluster.network.arrive(arrivals[0]);
    else cluster.clock.fireNext();
    const isStuck = cluster.clock.monotonic() - startedAt > longestMs;
    if (isStuck || world.violations.length > 0) {
      await cluster.close();
      const violations = isStuck ? [`stuck: ${world.progress}`] : world.violations;
      return { violations, deviations: described, steps };
    }
  }
  await cluster.advance(settleMs);
  const violations = await world.outcome();
  await cluster.close();
  return { violations, deviations: described, steps };
}
