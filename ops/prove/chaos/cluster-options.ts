import { faultsOfEveryRun, type FaultKind } from './fault-plan.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { namesOf, readFlags, wholeNumber } from './flags.ts';

export interface ClusterScenarioOptions {
  readonly seed: number;
  readonly keys: number;
  readonly messages: number;
  readonly nodes: number;
  readonly clients: number;
  /** How often each fault happens. */
  readonly rounds: number;
  /** Redis keeps nothing on disk, and is emptied now and then. */
  readonly flush: boolean;
  readonly faults: readonly FaultKind[];
  readonly freezeMs: number;
  readonly leaseMs: number;
  readonly shards: number;
  readonly inFlight: number;
  readonly askTimeoutMs: number;
  readonly giveUpMs: number;
  /** From the start of one fault to the start of the next, at least. */
  readonly faultGapMs: number;
  readonly deadlineMs: number;
  /** The logs of all processes outlive the run. */
  readonly keepFolder: boolean;
  readonly jsonFile?: string;
  /** Left out: a PostgreSQL of the scenario's own. */
  readonly postgresUrl?: string;
}

export const clusterDefaults = {
  keys: 20_000,
  messages: 200_000,
  nodes: 3,
  clients: 2,
  rounds: 2,
  flush: false,
  faults: faultsOfEveryRun,
  freezeMs: 10_000,
  leaseMs: 3_000,
  shards: 64,
  inFlight: 256,
  askTimeoutMs: 6_000,
  giveUpMs: 60_000,
  faultGapMs: 3_000,
  deadlineMs: 900_000,
  keepFolder: false,
};

export const clusterHelp = `npm run chaos -- cluster [flags]

Node processes host actors, client processes send each key numbered messages, one at a time, and repeat what is
not answered under the same id. Meanwhile nodes are killed (-9), frozen, drained (SIGTERM) and added, and Redis is
killed and restarted. At the end every key is held against what was acknowledged.

  --seed N        repeats the order and the places of the faults; else a random one, which is printed
  --keys N        actors (${clusterDefaults.keys})
  --messages N    messages in all (${clusterDefaults.messages}), at most 1,000 for each key
  --nodes N       node processes at the start (${clusterDefaults.nodes})
  --clients N     client processes (${clusterDefaults.clients})
  --rounds N      how often each kind of fault happens (${clusterDefaults.rounds})
  --flush         Redis keeps nothing on disk: its restart is an empty one, and FLUSHALL comes at random times
  --faults LIST   only these, with commas: ${[...faultsOfEveryRun, 'flush'].join(', ')}
  --freeze-ms N   how long a frozen node stays frozen (${clusterDefaults.freezeMs}; leases last ${clusterDefaults.leaseMs})
  --in-flight N   messages that each client has under way (${clusterDefaults.inFlight})
  --deadline-ms N the watchdog: after this, everything is stopped and the run has failed (${clusterDefaults.deadlineMs})
  --keep-logs     leaves the logs of all processes, and says where
  --json FILE     writes checks, faults and figures there
  --help

Ends with 0 when every check passed, with 1 when one failed, with 2 when it could not start.
`;

const flags = {
  seed: { type: 'string' },
  keys: { type: 'string' },
  messages: { type: 'string' },
  nodes: { type: 'string' },
  clients: { type: 'string' },
  rounds: { type: 'string' },
  flush: { type: 'boolean' },
  faults: { type: 'string' },
  'keep-logs': { type: 'boolean' },
  'freeze-ms': { type: 'string' },
  'in-flight': { type: 'string' },
  'deadline-ms': { type: 'string' },
  json: { type: 'string' },
} as const;

/** @throws StartProblem in one line */
export function parseClusterOptions(args: readonly string[]): ClusterScenarioOptions {
  const values = readFlags(args, flags);
  const whole = (
    flag: Exclude<keyof typeof flags, 'flush' | 'json' | 'faults' | 'keep-logs'>,
    otherwise: number,
    least?: number,
  ) => wholeNumber(flag, values[flag], otherwise, least);
  const keys = whole('keys', clusterDefaults.keys);
  const messages = whole('messages', clusterDefaults.messages);
  // A ledger keeps every number it saw and is written whole with each turn.
  if (messages > keys * 1_000) throw new StartProblem('--messages must be at most 1,000 for each key.');
  return {
    ...clusterDefaults,
    seed: whole('seed', Math.floor(Math.random() * 1_000_000), 0),
    keys,
    messages,
    nodes: whole('nodes', clusterDefaults.nodes, 2),
    clients: whole('clients', clusterDefaults.clients),
    rounds: whole('rounds', clusterDefaults.rounds),
    flush: values.flush ?? clusterDefaults.flush,
    faults: faultsOf(values.faults, values.flush === true),
    keepFolder: values['keep-logs'] ?? clusterDefaults.keepFolder,
    freezeMs: whole('freeze-ms', clusterDefaults.freezeMs),
    inFlight: whole('in-flight', clusterDefaults.inFlight),
    deadlineMs: whole('deadline-ms', clusterDefaults.deadlineMs),
    ...(values.json === undefined ? {} : { jsonFile: values.json }),
  };
}

function faultsOf(list: string | undefined, flush: boolean): readonly FaultKind[] {
  const known = [...faultsOfEveryRun, 'flush' as const];
  if (list === undefined) return flush ? known : faultsOfEveryRun;
  return namesOf('faults', list, known);
}
