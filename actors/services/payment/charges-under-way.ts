import { setMaxListeners } from 'node:events';
import { type Clock, pause } from '@trolley/runtime';
import { RpcError } from '../grpc/rpc-error.ts';
import { requireSameMoney, type Charge } from './payment.ledger.ts';
import type { StoredPayment } from './payment.store.ts';

interface UnderWay {
  readonly charge: Charge;
  readonly outcome: Promise<StoredPayment>;
}

/** So many thoughts at once; one more is refused, and may come again. */
const maxUnderWay = 20_000;

/**
 * The charges that are being thought over. One per checkout: who asks again meanwhile waits for the same
 * outcome. Nothing of this is durable; the outcome is, before anyone hears of it. So a charge that a crash
 * interrupts has not happened, and the next one for the checkout decides anew.
 */
export class ChargesUnderWay {
  readonly #clock: Clock;
  readonly #byCheckout = new Map<string, UnderWay>();
  readonly #closing = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
    // Every thought listens for the end: many are no leak, and Node need not warn of one.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Joins the charge under way, or waits `delayMs` and then calls `decide`. */
  charge(charge: Charge, delayMs: number, decide: () => Promise<StoredPayment>): Promise<StoredPayment> {
    const running = this.#byCheckout.get(charge.checkoutId);
    if (running !== undefined) {
      requireSameMoney(running.charge, charge);
      return running.outcome;
    }
    if (this.#byCheckout.size >= maxUnderWay) {
      throw new RpcError('unavailable', 'too many payments are under way');
    }
    const outcome = this.#think(delayMs, decide).finally(() => this.#byCheckout.delete(charge.checkoutId));
    this.#byCheckout.set(charge.checkoutId, { charge, outcome });
    return outcome;
  }

  get(checkoutId: string): Charge | undefined {
    return this.#byCheckout.get(checkoutId)?.charge;
  }

  /** Those still thinking end with `unavailable`, undecided. */
  close(): void {
    this.#closing.abort();
  }

  async #think(delayMs: number, decide: () => Promise<StoredPayment>): Promise<StoredPayment> {
    const { signal } = this.#closing;
    if (delayMs > 0) await pause(this.#clock, delayMs, signal);
    if (signal.aborted) throw new RpcError('unavailable', 'the payment service is stopping');
    return decide();
  }
}
