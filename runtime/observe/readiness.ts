import type { Clock } from '../define/clock.ts';

/** Resolves when a dependency works, rejects when it does not. */
export type HealthCheck = () => Promise<void>;

/** Dependencies by name. */
export type HealthChecks = Readonly<Record<string, HealthCheck>>;

export type Health = 'ok' | 'failing';

/** Asks each dependency that there is now. */
export type Readiness = () => Promise<ReadonlyMap<string, Health>>;

/**
 * A check that does not end within `timeoutMs` is failing, and is not begun again while it hangs: a dependency
 * that is down must not gather one stuck check per probe.
 */
export function createReadiness(checks: HealthChecks, clock: Clock, timeoutMs = 1000): Readiness {
  const running = new Map<string, Promise<Health>>();

  function check(name: string, run: HealthCheck): Promise<Health> {
    let outcome = running.get(name);
    if (outcome === undefined) {
      outcome = (async () => run())().then(
        () => 'ok',
        () => 'failing',
      );
      running.set(name, outcome);
      void outcome.then(() => running.delete(name));
    }
    return outcome;
  }

  return async () => {
    const healths = Object.entries(checks).map(async ([name, run]): Promise<[string, Health]> => {
      let cancel = (): void => {};
      const late = new Promise<Health>((resolve) => {
        cancel = clock.schedule(timeoutMs, () => resolve('failing'));
      });
      const health = await Promise.race([check(name, run), late]);
      cancel();
      return [name, health];
    });
    return new Map(await Promise.all(healths));
  };
}
