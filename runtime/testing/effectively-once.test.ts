import { expect } from 'chai';
import fc from 'fast-check';
import { z } from 'zod';
import { defineActor, type EffectContext } from '../define/actor.ts';
import { defineContract } from '../define/contract.ts';
import type { DeepReadonly } from '../define/deep-readonly.ts';
import { codeOf, isActorError, ActorError } from '../define/errors.ts';
import type { AskOptions } from '../define/ref.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import type { StateStore } from '../storage/state-store.ts';
import type { Transit } from './network.ts';
import { createTestCluster, type TestCluster } from './test-cluster.ts';

/** Where a node can die: before each of these or after it. */
const places = [
  'store.load',
  'mailbox.claim',
  'store.write',
  'project',
  'replies.send',
  'mailbox.ack',
  'effect',
] as const;

type Place = (typeof places)[number];

interface Crash {
  readonly place: Place;
  readonly leg: Transit['leg'];
  /** It is the so many-th time that this place is passed. */
  readonly nth: number;
}

interface Call {
  /** `add` is answered at once, `ship` when its effect has ended, `note` is told, `refuse` changes nothing. */
  readonly kind: 'add' | 'note' | 'ship' | 'refuse';
  /** Calls of one kind with the same idempotency key are one call, made again. */
  readonly key: number | undefined;
  /** Whether the next call waits for the answer. */
  readonly alone: boolean;
}

const View = z.object({ entries: z.array(z.string()), shipped: z.array(z.string()) });
type View = z.infer<typeof View>;
const Entry = z.object({ id: z.string() });
const Ledger = defineContract({
  type: 'ledger',
  key: z.string(),
  messages: {
    add: { input: Entry, output: View },
    note: { input: Entry },
    ship: { input: Entry, output: View },
    refuse: { input: Entry, output: View },
  },
});

interface Outside {
  /** Effect id → what the far side did; under the same id it does nothing more. */
  readonly done: Map<string, string>;
  readonly views: { readonly version: number; readonly state: DeepReadonly<View> }[];
  /** Never resolves where the node dies. */
  passes(place: Place, leg: Transit['leg'], node: string): Promise<void>;
}

const ledgerOn = (node: string, outside: Outside) =>
  defineActor(Ledger, {
    state: View,
    initial: (): View => ({ entries: [], shipped: [] }),
    effects: {
      async Ship({ id }: { id: string }, { effectId }: EffectContext) {
        await outside.passes('effect', 'request', node);
        outside.done.set(effectId, id);
        await outside.passes('effect', 'reply', node);
        return id;
      },
    },
    receive: {
      add(turn, { id }) {
        turn.set({ ...turn.state, entries: [...turn.state.entries, id] });
        return turn.state;
      },
      note(turn, { id }) {
        turn.set({ ...turn.state, entries: [...turn.state.entries, id] });
      },
      ship(turn, { id }) {
        turn.set({ ...turn.state, entries: [...turn.state.entries, id] });
        turn.perform('Ship', { id }, { id: `ship-${id}` });
        turn.publish({ type: 'ShipmentWanted', partitionKey: turn.key, payload: { id } });
        return turn.defer();
      },
      refuse() {
        throw new ActorError('conflict', 'refused');
      },
    },
    onResult: {
      Ship(turn, outcome) {
        if (!outcome.ok) throw new Error('the far side never refuses');
        turn.set({ ...turn.state, shipped: [...turn.state.shipped, outcome.value] });
        // Whoever waits for another shipment is told as soon as that has ended, too.
        const open = turn.state.entries.filter((id) => id.startsWith('ship')).length;
        if (turn.state.shipped.length === open) turn.answerWaiting({ ship: () => turn.state });
      },
    },
    async project(_, state, version) {
      await outside.passes('project', 'request', node);
      outside.views.push({ version, state });
      await outside.passes('project', 'reply', node);
    },
  });

/** Two nodes that die where they are told to, and a client that asks until it knows. */
class Shop implements Outside {
  readonly done = new Map<string, string>();
  readonly views: { readonly version: number; readonly state: DeepReadonly<View> }[] = [];
  readonly store = new MemoryStateStore();
  readonly cluster: TestCluster;
  /** Nodes that died. */
  crashed = 0;
  #crashes: readonly Crash[];
  readonly #passed = new Map<string, number>();

  constructor(seed: number, crashes: readonly Crash[], remembers: boolean) {
    this.#crashes = crashes;
    const store = remembers ? this.store : forgetful(this.store);
    this.cluster = createTestCluster({
      nodes: 2,
      seed,
      actors: ({ node }) => [{ actor: ledgerOn(node, this), store }],
    });
    this.cluster.network.fate = ({ port, operation, leg, process }) => {
      const place = places.find((one) => one === `${port}.${operation}`);
      if (place === undefined || !this.#isLast(place, leg)) return undefined;
      this.#crash(process);
      return 'lose';
    };
  }

  async passes(place: Place, leg: Transit['leg'], node: string): Promise<void> {
    if (!this.#isLast(place, leg)) return;
    this.#crash(node);
    await new Promise(() => undefined);
  }

  async call({ kind }: Call, id: string, options: AskOptions): Promise<View | string> {
    const ledger = this.cluster.refs.ref(Ledger, 'a');
    for (;;) {
      try {
        if (kind !== 'note') return await ledger.ask(kind, { id }, options);
        await ledger.tell(kind, { id }, options);
        return 'told';
      } catch (error) {
        if (!isActorError(error) || error.retry === 'never') return codeOf(error);
      }
    }
  }

  #isLast(place: Place, leg: Transit['leg']): boolean {
    const name = `${place} ${leg}`;
    const nth = this.#passed.get(name) ?? 0;
    this.#passed.set(name, nth + 1);
    const here = this.#crashes.find((one) => one.place === place && one.leg === leg && one.nth === nth);
    return here !== undefined;
  }

  #crash(name: string): void {
    this.crashed += 1;
    this.cluster.nodes.find((node) => node.name === name)?.crash();
    this.cluster.startNode();
  }
}

/** Loses what makes a redelivery harmless. */
const forgetful = (store: MemoryStateStore): StateStore => ({
  load: (key) => store.load(key),
  write: (write) => store.write({ ...write, record: { ...write.record, applied: [] } }),
  unfinished: (...args) => store.unfinished(...args),
});

/** Returns how many nodes died. */
async function expectOnce(
  seed: number,
  calls: readonly Call[],
  crashes: readonly Crash[],
  remembers = true,
): Promise<number> {
  const shop = new Shop(seed, crashes, remembers);
  const ids = calls.map(({ kind, key }, i) => (key === undefined ? `${kind}#${i}` : `${kind}-${key}`));
  const answers: Promise<View | string>[] = [];
  for (const [i, call] of calls.entries()) {
    const id = ids[i]!;
    const named = call.key === undefined ? { messageId: id } : { idempotencyKey: id };
    const answer = shop.call(call, id, { ...named, timeoutMs: 8_000 });
    answers.push(answer);
    if (call.alone) await answer;
  }
  const known = new Map<string, View | string>();
  for (const [i, answer] of (await Promise.all(answers)).entries()) {
    const id = ids[i]!;
    const { kind } = calls[i]!;
    expect(answer, `${id}, asked again`).to.deep.equal(known.get(id) ?? answer);
    known.set(id, answer);
    if (kind === 'refuse') expect(answer, id).to.equal('conflict');
    else if (kind === 'note') expect(answer, id).to.equal('told');
    else if (typeof answer === 'string') expect.fail(`${id} was answered ${answer}`);
    else expect(kind === 'add' ? answer.entries : answer.shipped, id).to.include(id);
  }
  await shop.cluster.advance(20_000);

  const wanted = [...new Set(ids.filter((id) => !id.startsWith('refuse')))];
  const shipments = wanted.filter((id) => id.startsWith('ship'));
  const state = (await shop.store.load('a'))?.record.state as View | undefined;
  expect(state?.entries.toSorted() ?? [], 'applied').to.deep.equal(wanted.toSorted());
  expect(state?.shipped.toSorted() ?? [], 'settled').to.deep.equal(shipments.toSorted());
  expect([...shop.done.values()].toSorted(), 'performed, by effect id').to.deep.equal(shipments.toSorted());
  expect(shop.store.published.length, 'published').to.equal(shipments.length);
  const empty = { entries: [], shipped: [] };
  expect(shop.views.at(-1)?.state ?? empty, 'projected').to.deep.equal(state ?? empty);
  expect(shop.cluster.mailbox.residents(), 'left in the mailbox').to.deep.equal([]);
  await shop.cluster.close();
  return shop.crashed;
}

describe('messages are applied effectively once', () => {
  const legs = ['request', 'reply'] as const;
  const usual: readonly Call[] = [
    { kind: 'add', key: 1, alone: true },
    { kind: 'ship', key: undefined, alone: false },
    { kind: 'refuse', key: undefined, alone: false },
    { kind: 'note', key: undefined, alone: false },
    { kind: 'ship', key: 2, alone: true },
    { kind: 'add', key: 1, alone: false },
    { kind: 'ship', key: 2, alone: false },
  ];

  for (const place of places) {
    for (const leg of legs) {
      it(`when a node dies ${leg === 'request' ? 'before' : 'after'} ${place}, whichever time it is`, async () => {
        for (let nth = 0; nth < 8; nth++) {
          const crashed = await expectOnce(nth, usual, [{ place, leg, nth }]);
          if (nth === 0) expect(crashed, `nodes that died at ${place}`).to.equal(1);
        }
      });
    }
  }

  it('which would not hold if the applied messages were forgotten', async () => {
    const forgotten = expectOnce(1, usual, [{ place: 'mailbox.ack', leg: 'request', nth: 0 }], false);
    expect(await forgotten.then(() => 'it held', String)).to.include('AssertionError');
  });

  it('whatever is asked, and wherever nodes die', async () => {
    const call: fc.Arbitrary<Call> = fc.record({
      kind: fc.constantFrom('add', 'note', 'ship', 'refuse'),
      key: fc.option(fc.nat(2), { nil: undefined }),
      alone: fc.boolean(),
    });
    const crash: fc.Arbitrary<Crash> = fc.record({
      place: fc.constantFrom(...places),
      leg: fc.constantFrom(...legs),
      nth: fc.nat(8),
    });
    const calls = fc.array(call, { minLength: 1, maxLength: 10 });
    const crashes = fc.array(crash, { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.nat(1_000), calls, crashes, async (...run) => {
        await expectOnce(...run);
      }),
      {
        numRuns: 300,
        seed: 1,
      },
    );
  });
});
