import type { FakeClock } from './fake-clock.ts';
import type { Network } from './network.ts';

/** After so much time of the cluster's own, nothing that is still awaited will happen. */
const longestWaitMs = 3_600_000;

/** Moves a cluster on by itself: whatever is on its way arrives, and time passes while somebody waits. */
export class Driver {
  readonly #clock: FakeClock;
  readonly #network: Network;
  #waiting = 0;
  #running = false;

  constructor(clock: FakeClock, network: Network) {
    this.#clock = clock;
    this.#network = network;
  }

  wake(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  async waitFor<T>(promise: Promise<T>): Promise<T> {
    this.#waiting++;
    this.wake();
    let cancel: () => void = () => undefined;
    const forgotten = new Promise<never>((_, reject) => {
      cancel = this.#clock.schedule(longestWaitMs, () =>
        reject(new Error(`an hour of the cluster's time has passed, and what is awaited has not happened`)),
      );
    });
    try {
      return await Promise.race([promise, forgotten]);
    } finally {
      cancel();
      this.#waiting--;
    }
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#network.runUntilIdle();
      // While a test moves time itself, nobody else does.
      if (this.#clock.advancing) continue;
      if (this.#waiting === 0 || !this.#clock.fireNext()) break;
    }
    this.#running = false;
  }
}
