import type { Clock } from '../define/clock.ts';
import { reasonOf } from './reason.ts';

/** Resolves when a dependency works, rejects with the reason when it does not. */
export interface HealthCheck {
  (): Promise<void>;
  /** Where the dependency is, for people; without its password. */
  readonly at?: string;
}

/** Dependencies by name. */
export type HealthChecks = Readonly<Record<string, HealthCheck>>;

/** What the dependencies are like now. */
export interface HealthReport {
  readonly dependencies: Readonly<Record<string, 'ok' | 'failing'>>;
  /** Why each of the failing ones fails: where it is, and what went wrong. */
  readonly reasons: Readonly<Record<string, string>>;
}

/** Asks each dependency that there is now. */
export type Readiness = () => Promise<HealthReport>;

export function checkAt(at: string, check: () => Promise<void>): HealthCheck {
  return Object.assign(() => check(), { at });
}

/**
 * A check that does not end within `timeoutMs` is failing, and is not begun again while it hangs: a dependency
 * that is down must not gather one stuck check per probe.
 */
export function createReadiness(checks: HealthChecks, clock: Clock, timeoutMs = 1000): Readiness {
  /** Each resolves to why the dependency fails; undefined: it does not. */
  const running = new Map<string, Promise<string | undefined>>();

  function check(name: string, run: HealthCheck): Promise<string | undefined> {
    let outcome = running.get(name);
    if (outcome === undefined) {
      outcome = (async () => run())().then(() => undefined, reasonOf);
      running.set(name, outcome);
      void outcome.then(() => running.delete(name));
    }
    return outcome;
  }

  async function within(name: string, run: HealthCheck): Promise<readonly [string, string | undefined]> {
    let cancel = (): void => {};
    const late = new Promise<string>((resolve) => {
      cancel = clock.schedule(timeoutMs, () => resolve(`no answer within ${timeoutMs} ms`));
    });
    const reason = await Promise.race([check(name, run), late]);
    cancel();
    return [name, reason === undefined || run.at === undefined ? reason : `${run.at}: ${reason}`];
  }

  return async () => {
    const found = await Promise.all(Object.entries(checks).map(([name, run]) => within(name, run)));
    const failing = found.filter((each): each is [string, string] => each[1] !== undefined);
    return {
      dependencies: Object.fromEntries(
        found.map(([name, why]) => [name, why === undefined ? 'ok' : 'failing']),
      ),
      reasons: Object.fromEntries(failing),
    };
  };
}

/** The body of `/health/ready`, and whether the answer is 200. */
export function readinessBody({ dependencies, reasons }: HealthReport) {
  const failing = Object.keys(reasons);
  if (failing.length === 0) return { ready: true, body: { status: 'ok', dependencies } } as const;
  const error = `not ready: ${failing.join(', ')}`;
  return {
    ready: false,
    body: { error, code: 'unavailable', status: 'unavailable', dependencies, reasons },
  } as const;
}
