import type { Answer, ShopClient } from './shop-client.ts';

const everyMs = 20;
/** Buyers at once, where the shop is slower than they come. */
const maxUnderWay = 500;
const maxProblems = 10;

export interface SteadyLoadOptions {
  readonly client: ShopClient;
  readonly perSecond: number;
  /** Each buyer is another user, numbered from here on. */
  readonly firstUser: number;
}

/** Buyers who come at a steady rate, whatever the shop does, until they are told to stop. */
export class SteadyLoad {
  /** What no buyer should be told, ten at most. */
  readonly problems: string[] = [];
  readonly #options: SteadyLoadOptions;
  readonly #beganAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #underWay = new Set<Promise<void>>();
  #begun = 0;
  #sold = 0;

  constructor(options: SteadyLoadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#come(), everyMs);
  }

  /** Checkouts whose end was told. */
  get sold(): number {
    return this.#sold;
  }

  /** Resolves when every buyer has been answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  #come(): void {
    const due = ((performance.now() - this.#beganAt) * this.#options.perSecond) / 1_000;
    while (this.#begun < due && this.#underWay.size < maxUnderWay) {
      const buyer = this.#buy(this.#options.firstUser + this.#begun).catch((error: unknown) => {
        this.#complain(`a buyer was told nothing: ${String(error)}`);
      });
      this.#begun += 1;
      const settled = buyer.finally(() => this.#underWay.delete(settled));
      this.#underWay.add(settled);
    }
  }

  async #buy(userId: number): Promise<void> {
    const user = await this.#options.client.user(userId);
    const added = await user.sendAdd((userId % 5) + 1, 1);
    if (this.#isTurnedAway(userId, added)) return;
    if (this.#isTurnedAway(userId, await user.checkout('once'))) return;
    this.#sold += 1;
  }

  /** On a machine that is busy with something else, a buyer may be told to come again, or to wait. */
  #isTurnedAway(userId: number, { status, text }: Answer<unknown>): boolean {
    if (status === 201) return false;
    if (![202, 503, 504].includes(status)) this.#complain(`user ${userId} was told ${status}: ${text}`);
    return true;
  }

  #complain(problem: string): void {
    if (this.problems.length < maxProblems) this.problems.push(problem);
  }
}
