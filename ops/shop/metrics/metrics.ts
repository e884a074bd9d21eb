import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { Clock } from '@trolley/runtime';
import { withTimeLimit } from '@trolley/runtime/adapters';
import { remembered } from './remembered.ts';

/** All series of one process at one moment; JSON. */
export type Snapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

export interface MetricsOptions {
  /** Tells the processes of one shop apart, in the label `process`: `main`, `gateway-1`, … */
  readonly process: string;
  readonly clock: Clock;
  /** Where another process knows more: its figures, and those of all that belong to it, this one included. */
  readonly whole?: () => Promise<string>;
}

/** Makes metrics in a registry, which are told only while what is returned, which sets them, succeeds in time. */
export type OpenSource = (registry: Registry) => () => Promise<void>;

interface Source {
  readonly name: string;
  readonly registry: Registry;
  readonly read: () => Promise<void>;
}

/** The figures of one process, and where they are read together with those of the processes that belong to it. */
export class Metrics {
  /** As its options name it. */
  readonly process: string;
  readonly registry = new Registry();
  readonly contentType = this.registry.contentType;
  /** Prometheus' text format, a second old at most: who asks often costs no more. */
  readonly text: () => Promise<string>;
  readonly #clock: Clock;
  readonly #sources: Source[] = [];
  readonly #failures: Counter<'source'>;
  #others: () => Promise<readonly Snapshot[]> = async () => [];

  constructor({ process, clock, whole }: MetricsOptions) {
    this.#clock = clock;
    this.process = process;
    this.registry.setDefaultLabels({ process });
    collectDefaultMetrics({ register: this.registry });
    this.#failures = new Counter({
      name: 'trolley_scrape_failures_total',
      help: 'Sources that could not be read for a scrape, which then has no series of theirs.',
      labelNames: ['source'],
      registers: [this.registry],
    });
    this.text = remembered(clock, () => (whole === undefined ? this.#tell() : this.#pass(whole)));
  }

  /** Something that knows its figures only when it is asked. */
  addSource(name: string, open: OpenSource): void {
    const registry = new Registry();
    registry.setDefaultLabels({ process: this.process });
    this.#sources.push({ name, registry, read: open(registry) });
  }

  /** Those of other processes, which a scrape of this one tells, too. */
  include(others: () => Promise<readonly Snapshot[]>): void {
    this.#others = others;
  }

  failed(source: string): void {
    this.#failures.inc({ source });
  }

  /** Of this process alone. */
  async snapshot(): Promise<Snapshot> {
    const read = await Promise.all(this.#sources.map((source) => this.#read(source)));
    const registries = [this.registry, ...read.flat()];
    const snapshots = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
    return finite(snapshots.flat());
  }

  async #tell(): Promise<string> {
    const [own, others] = await Promise.all([this.snapshot(), this.#others()]);
    return render([own, ...others]);
  }

  async #pass(whole: () => Promise<string>): Promise<string> {
    try {
      return await withTimeLimit(this.#clock, wholeLimitMs, 'main', whole());
    } catch {
      this.failed('main');
      return this.#tell();
    }
  }

  async #read({ name, registry, read }: Source): Promise<readonly Registry[]> {
    try {
      await withTimeLimit(this.#clock, sourceLimitMs, name, read());
      return [registry];
    } catch {
      // Who is away is told by the health of the process.
      this.failed(name);
      return [];
    }
  }
}

/** How long a source may take: a scrape gives up after some ten seconds, and waits for all of them. */
const sourceLimitMs = 500;
/** Longer than that process waits for others. */
const wholeLimitMs = 2_000;

/** What was never measured is no number, and would not survive the way to another process. */
function finite(snapshot: Snapshot): Snapshot {
  return snapshot.map((metric) => ({
    ...metric,
    values: metric.values.filter(({ value }) => Number.isFinite(value)),
  }));
}

/** The label `process` keeps their series apart, so nothing is added up here. */
function render(snapshots: readonly Snapshot[]): Promise<string> {
  const apart = snapshots.map((snapshot) => snapshot.map((metric) => ({ ...metric, aggregator: 'sum' })));
  return AggregatorRegistry.aggregate(apart).metrics();
}
