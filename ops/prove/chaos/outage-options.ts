import { namesOf, readFlags, wholeNumber } from './flags.ts';

/** In the order in which they go away. */
export const backings = ['kafka', 'mongodb', 'postgres', 'redis'] as const;
export type Backing = (typeof backings)[number];

export interface OutageScenarioOptions {
  readonly of: readonly Backing[];
  /** How long each is away. */
  readonly awayMs: number;
  /** Load before the first outage, between two and after the last. */
  readonly calmMs: number;
  /** It hangs instead of dying: its connections stay open and say nothing. */
  readonly freeze: boolean;
  readonly users: number;
  /** Between the answer to one request of a user and the next request. */
  readonly thinkMs: number;
  /** `REQUEST_TIMEOUT_MS` of the gateways. */
  readonly requestTimeoutMs: number;
  /** Within this time after its return everything is served again. */
  readonly recoverMs: number;
  /** The logs of all processes outlive the run. */
  readonly keepFolder: boolean;
  readonly jsonFile?: string;
}

export const outageDefaults = {
  of: backings,
  awayMs: 30_000,
  freeze: false,
  calmMs: 5_000,
  users: 20,
  thinkMs: 100,
  requestTimeoutMs: 5_000,
  recoverMs: 60_000,
  keepFolder: false,
};

export const outageHelp = `npm run chaos -- outage [flags]

The shop in three processes (two with gateway, node, relay and consumers, one with the services) on a Kafka, a MongoDB,
a PostgreSQL and a Redis of the scenario's own. Users fill carts, buy, and look at carts and orders, each one thing
after the other; what does not succeed they ask again under the same key. Meanwhile one server after the other is
killed (-9) and stays away. At the end carts, checkouts, orders, money and stock are held against what was
acknowledged.

  --of LIST       only these, with commas: ${backings.join(', ')}
  --away-ms N     how long each is away (${outageDefaults.awayMs})
  --freeze        frozen (SIGSTOP) instead of killed; on Linux
  --users N       users at once (${outageDefaults.users})
  --keep-logs     leaves the logs of all processes, and says where
  --json FILE     writes checks and figures there
  --help

Ends with 0 when every check passed, with 1 when one failed, with 2 when it could not start.
`;

const flags = {
  of: { type: 'string' },
  'away-ms': { type: 'string' },
  freeze: { type: 'boolean' },
  users: { type: 'string' },
  'keep-logs': { type: 'boolean' },
  json: { type: 'string' },
} as const;

/** @throws StartProblem in one line */
export function parseOutageOptions(args: readonly string[]): OutageScenarioOptions {
  const values = readFlags(args, flags);
  return {
    ...outageDefaults,
    of: values.of === undefined ? outageDefaults.of : namesOf('of', values.of, backings),
    awayMs: wholeNumber('away-ms', values['away-ms'], outageDefaults.awayMs),
    freeze: values.freeze ?? outageDefaults.freeze,
    users: wholeNumber('users', values.users, outageDefaults.users),
    keepFolder: values['keep-logs'] ?? outageDefaults.keepFolder,
    ...(values.json === undefined ? {} : { jsonFile: values.json }),
  };
}
