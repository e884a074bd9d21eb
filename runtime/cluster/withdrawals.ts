import type { Clock } from '../define/clock.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import type { PendingAsk } from './pending-ask.ts';
import type { PendingAsks } from './pending-asks.ts';

export interface WithdrawalsOptions {
  readonly mailbox: Pick<Mailbox, 'withdraw'>;
  readonly clock: Clock;
  /** How long the shards of a dead node stay its own. */
  readonly leaseMs: number;
}

/**
 * Leases that an ask waits for a node to hold its shard: a node that starts anew or takes over gets the message all
 * the same, and who waits is told within two leases if none does.
 */
const patienceLeases = 1.7;

/** Takes back what was asked of shards that no node holds, so that who asked knows what became of it. */
export class Withdrawals {
  readonly #options: WithdrawalsOptions;
  readonly #pending: PendingAsks;
  /** Messages that are being taken back, by the same names as those who wait. */
  readonly #underWay = new Set<string>();

  constructor(options: WithdrawalsOptions, pending: PendingAsks) {
    this.#options = options;
    this.#pending = pending;
  }

  /** No node holds the shard: tells those who have waited long enough, and takes their messages back first. */
  giveUp(shard: number): void {
    const { clock, leaseMs } = this.#options;
    const longEnough = clock.monotonic() - leaseMs * patienceLeases;
    for (const [correlation, asks] of this.#pending) {
      const [first] = asks;
      if (first === undefined || first.shard !== shard || first.since > longEnough) continue;
      // What is being sent might arrive behind what takes it back.
      if (asks.every(({ isSent }) => isSent)) void this.#withdraw(correlation, first, [...asks]);
    }
  }

  async #withdraw(
    correlation: string,
    { to, jobId }: PendingAsk,
    asks: readonly PendingAsk[],
  ): Promise<void> {
    if (this.#underWay.has(correlation)) return;
    this.#underWay.add(correlation);
    const fail = (sentence: string) => {
      for (const ask of asks) ask.failUnavailable(sentence, `no node holds shard ${to.shard}`);
    };
    try {
      const withdrawn = await this.#options.mailbox.withdraw(to, jobId);
      if (withdrawn === 'untouched') fail('was not handled');
      else if (withdrawn === 'taken') fail('was not answered, and its outcome is unknown');
      // Gone, it was handled: its answer is deferred, and who asked goes on waiting for that.
    } catch {
      // It may be out of the mailbox all the same.
      fail('was not answered, and its outcome is unknown');
    } finally {
      this.#underWay.delete(correlation);
    }
  }
}
