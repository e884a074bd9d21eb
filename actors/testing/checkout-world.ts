import { ActorError } from '@trolley/runtime';
import type { CartLine } from '../cart/cart-line.contract.ts';
import type { CheckoutPorts } from '../checkout/checkout.ports.ts';
import type { ProductPrice } from '../checkout/checkout.pricing.ts';
import type { TestTime } from './actor-driver.ts';
import type { Choices } from './explore.ts';

/** How any call may go wrong without being refused. */
const unknowns = ['lost', 'answer lost', 'late', 'after all', 'down'] as const;
const outageMs = 5 * 60_000;

const lost = () => new ActorError('unavailable', 'no connection');
const soldOut = () => new ActorError('insufficient_stock', 'not enough');
const silence = () => new ActorError('deadline_exceeded', 'no answer');

/** One party that the saga calls, with a network in between that may fail in every way. */
export class Party {
  readonly #choices: Choices;
  readonly #time: TestTime;
  #downUntil = -Infinity;
  /** Arrives with the next call. */
  #late: (() => unknown)[] = [];
  /** Arrives when everybody has gone. */
  #afterAll: (() => unknown)[] = [];

  constructor(choices: Choices, time: TestTime) {
    this.#choices = choices;
    this.#time = time;
  }

  async call<T, Refusal extends string = never>(
    name: string,
    work: () => T | Promise<T>,
    refusals: readonly Refusal[] = [],
    refuse: (refusal: Refusal) => void = () => {},
  ): Promise<T> {
    await this.#arrive(this.#late.splice(0));
    if (this.#time.now < this.#downUntil) throw lost();
    const way = this.#choices.pick<string>(name, ['ok', ...unknowns, ...refusals]);
    switch (way) {
      case 'ok':
        return work();
      case 'lost':
        throw lost();
      case 'answer lost':
        await work();
        throw silence();
      case 'late':
        this.#late.push(work);
        throw silence();
      case 'after all':
        this.#afterAll.push(work);
        throw silence();
      case 'down':
        this.#downUntil = this.#time.now + outageMs;
        throw lost();
      default:
        refuse(way as Refusal);
        return work();
    }
  }

  /** Whatever is still under way arrives. */
  async end(): Promise<void> {
    await this.#arrive([...this.#late, ...this.#afterAll]);
  }

  /** A refusal finds nobody who listens. */
  async #arrive(works: readonly (() => unknown)[]): Promise<void> {
    for (const work of works) {
      try {
        await work();
      } catch (error) {
        if (!(error instanceof ActorError)) throw error;
      }
    }
  }
}

type ReservationStatus = 'reserved' | 'expired' | 'released' | 'confirmed' | 'restocked';

/** Stock of one kind of thing, by the rules of the inventory service. */
export class TestStock {
  readonly stocked: number;
  available: number;
  soldElsewhere = 0;
  readonly party: Party;
  readonly #reservations = new Map<string, { status: ReservationStatus; quantity: number }>();

  constructor(stocked: number, party: Party) {
    this.stocked = stocked;
    this.available = stocked;
    this.party = party;
  }

  total(status: ReservationStatus): number {
    const all = [...this.#reservations.values()].filter((one) => one.status === status);
    return all.reduce((sum, one) => sum + one.quantity, 0);
  }

  ports(reservationIdFor: (checkoutId: string) => string): CheckoutPorts['inventory'] {
    const conflict = (status: string) => new ActorError('conflict', `the reservation is ${status}`);
    return {
      reserve: ({ checkoutId, items }) =>
        this.party.call(
          'reserve',
          () => this.#reserve(reservationIdFor(checkoutId), items),
          ['sold out', 'sold out for now'],
          (refusal) => {
            if (refusal === 'sold out') return this.#sellElsewhere();
            const status = this.#reservations.get(reservationIdFor(checkoutId))?.status;
            if (status !== 'reserved' && status !== 'confirmed') throw soldOut();
          },
        ),
      confirm: (id) =>
        this.party.call(
          'confirm',
          () => {
            const one = this.#reservations.get(id);
            if (one === undefined) throw new ActorError('not_found', 'no such reservation');
            if (one.status !== 'reserved' && one.status !== 'confirmed') throw conflict(one.status);
            one.status = 'confirmed';
          },
          ['expired', 'expired and sold out'],
          (refusal) => {
            this.#giveBack(id, 'expired');
            if (refusal === 'expired and sold out') this.#sellElsewhere();
          },
        ),
      release: (id) =>
        this.party.call('release', () => {
          const one = this.#reservations.get(id);
          if (one?.status === 'confirmed' || one?.status === 'restocked') throw conflict(one.status);
          this.#giveBack(id, 'released');
          this.#reservations.set(id, { quantity: 0, ...one, status: 'released' });
        }),
      restock: (id) =>
        this.party.call('restock', () => {
          const one = this.#reservations.get(id);
          if (one?.status === 'restocked') return;
          if (one?.status !== 'confirmed') throw conflict(one?.status ?? 'unknown');
          one.status = 'restocked';
          this.available += one.quantity;
        }),
    };
  }

  #reserve(reservationId: string, items: readonly CartLine[]) {
    const quantity = items.reduce((sum, item) => sum + item.quantity, 0);
    const one = this.#reservations.get(reservationId);
    if (one?.status === 'reserved' || one?.status === 'confirmed') return { reservationId };
    if (one !== undefined && one.status !== 'expired')
      throw new ActorError('conflict', `it is ${one.status}`);
    if (this.available < quantity) throw soldOut();
    this.available -= quantity;
    this.#reservations.set(reservationId, { status: 'reserved', quantity });
    return { reservationId };
  }

  #giveBack(id: string, status: ReservationStatus): void {
    const one = this.#reservations.get(id);
    if (one?.status !== 'reserved') return;
    one.status = status;
    this.available += one.quantity;
  }

  #sellElsewhere(): void {
    this.soldElsewhere += this.available;
    this.available = 0;
  }
}

/** Money, by the rules of the payment service. */
export class TestPayments {
  chargedCents = 0;
  refundedCents = 0;
  readonly party: Party;
  readonly #payments = new Map<
    string,
    { status: 'charged' | 'failed' | 'refunded' | 'tombstone'; amountCents: number }
  >();

  constructor(party: Party) {
    this.party = party;
  }

  ports(): CheckoutPorts['payments'] {
    return {
      charge: async ({ checkoutId, amountCents }) => {
        const payment = await this.party.call(
          'charge',
          () => this.#charge(checkoutId, amountCents),
          ['declined'],
          () => {
            if (!this.#payments.has(checkoutId))
              this.#payments.set(checkoutId, { status: 'failed', amountCents });
          },
        );
        if (payment.status === 'charged') return { status: 'success', paymentId: `payment of ${checkoutId}` };
        return { status: 'failed', reason: payment.status === 'failed' ? 'card_declined' : payment.status };
      },
      refund: (checkoutId) =>
        this.party.call('refund', () => {
          const payment = this.#payments.get(checkoutId);
          if (payment?.status === 'charged') this.refundedCents += payment.amountCents;
          if (payment?.status === 'charged') payment.status = 'refunded';
          if (payment === undefined) this.#payments.set(checkoutId, { status: 'tombstone', amountCents: 0 });
        }),
    };
  }

  #charge(checkoutId: string, amountCents: number) {
    const known = this.#payments.get(checkoutId);
    if (known !== undefined) return known;
    this.chargedCents += amountCents;
    const payment = { status: 'charged' as const, amountCents };
    this.#payments.set(checkoutId, payment);
    return payment;
  }
}

/** The catalogue, whose last product may go. */
export function testPrices(products: readonly ProductPrice[], party: Party): CheckoutPorts['prices'] {
  let there = products;
  return {
    getMany: (ids) =>
      party.call(
        'prices',
        () => there.filter(({ id }) => ids.includes(id)),
        ['gone'],
        () => {
          there = products.slice(0, -1);
        },
      ),
  };
}
