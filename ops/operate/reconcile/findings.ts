import { areas, faultNamed, type Area, type FaultName } from './faults.ts';

/** One thing that one store says and another denies. */
export interface Finding {
  readonly fault: FaultName;
  /** Of a checkout, unless the fault is about a product or a user. */
  readonly id: string;
  /** `120.00 USD instead of 12.00 USD` */
  readonly detail?: string;
  /** In whose cart it is. */
  readonly userId?: number;
}

/** What is no fault, because it is still to come. */
export type UnderWay =
  | 'checkouts under way'
  | 'events waiting for the event log'
  | 'orders to come'
  | 'carts to be settled'
  | 'cancellations being given back';

interface FaultCount {
  count: number;
  readonly shown: Finding[];
}

const shownPerFault = 10;
/** What one run of `--fix` deals with; the rest is for the next. */
const maxMendable = 10_000;

/** Counts what was found, and keeps some of it: whatever the stores hold, this stays small. */
export class Findings {
  readonly #faults = new Map<FaultName, FaultCount>();
  readonly #underWay = new Map<UnderWay, number>();
  readonly #looked = new Map<Area, Map<string, number>>();
  readonly #unread = new Map<Area, string>();
  readonly #mendable: Finding[] = [];

  add(fault: FaultName, id: string, detail?: string, userId?: number): void {
    const finding = {
      ...{ fault, id },
      ...(detail === undefined ? {} : { detail }),
      ...(userId === undefined ? {} : { userId }),
    };
    const known = this.#faults.get(fault) ?? { count: 0, shown: [] };
    known.count++;
    if (known.shown.length < shownPerFault) known.shown.push(finding);
    this.#faults.set(fault, known);
    if (faultNamed(fault).mending !== undefined && this.#mendable.length < maxMendable)
      this.#mendable.push(finding);
  }

  noteUnderWay(what: UnderWay): void {
    this.#underWay.set(what, (this.#underWay.get(what) ?? 0) + 1);
  }

  /** `things`: a plural, such as `payments`. */
  countLooked(area: Area, things: string, by = 1): void {
    const counts = this.#looked.get(area) ?? new Map<string, number>();
    counts.set(things, (counts.get(things) ?? 0) + by);
    this.#looked.set(area, counts);
  }

  /** The area could not be looked at, or not to its end. */
  markUnread(area: Area, why: string): void {
    this.#unread.set(area, why);
  }

  get mendable(): readonly Finding[] {
    return this.#mendable;
  }

  /** Everything found, and everything that could not be looked at. */
  get total(): number {
    return [...this.#faults.values()].reduce((sum, { count }) => sum + count, this.#unread.size);
  }

  get underWay(): ReadonlyMap<UnderWay, number> {
    return this.#underWay;
  }

  /** Areas that were looked at, or should have been. */
  get byArea(): readonly AreaFindings[] {
    return areas.flatMap((area) => {
      const found = [...this.#faults].filter(([fault]) => faultNamed(fault).area === area);
      const looked = this.#looked.get(area);
      const unread = this.#unread.get(area);
      if (looked === undefined && unread === undefined && found.length === 0) return [];
      const faultsFound = found.map(([fault, { count, shown }]) => ({ fault, count, shown }));
      return [{ area, looked: looked ?? new Map<string, number>(), unread, faults: faultsFound }];
    });
  }
}

export interface AreaFindings {
  readonly area: Area;
  readonly looked: ReadonlyMap<string, number>;
  readonly unread: string | undefined;
  readonly faults: readonly {
    readonly fault: FaultName;
    readonly count: number;
    readonly shown: readonly Finding[];
  }[];
}
