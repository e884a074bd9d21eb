import type { Terminal } from '../../shop/process/progress.ts';

/** What a scenario may use of the process that it runs in. */
export interface ScenarioHost {
  readonly terminal: Terminal;
  /** Aborts when a person gives up: everything started is stopped, nothing is left behind. */
  readonly signal: AbortSignal;
  /** PATH, to find the programs of servers. */
  readonly searchPath: string;
}

/** One way to treat the system badly, with the checks that it has to pass nevertheless. */
export interface ChaosScenario {
  /** One line for the list of scenarios. */
  readonly summary: string;
  /** All its flags, for `--help`. */
  readonly help: string;
  /** Resolves to whether every check passed. */
  run(args: readonly string[], host: ScenarioHost): Promise<boolean>;
}
