import { expect } from 'chai';
import type { AnyActor, Outcome, Turn } from '@trolley/runtime';
import type { AnyStateNode as StateNode } from 'xstate';
import { runCheckout, type Between, type Mutation, type Seen } from '../testing/checkout-run.ts';
import { explore, wander, type Choices } from '../testing/explore.ts';
import { noSuchCheckout } from './checkout.contract.ts';
import { inputOf } from './checkout.effects.ts';
import { checkoutMachine } from './checkout.machine.ts';
import { viewOf, type CheckoutState } from './checkout.state.ts';

/** The states that a snapshot can rest in; \`next\` is left in the same transition. */
function leafStates(node: StateNode): string[] {
  const children = Object.values(node.states) as StateNode[];
  if (children.length === 0) return node.key === 'next' ? [] : [node.path.join('.')];
  return children.flatMap(leafStates);
}

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Outcomes = Readonly<
  Record<string, (turn: Turn<unknown>, outcome: Outcome<unknown>, input: unknown) => void>
>;

/** What takes up the outcomes of a checkout's steps, and something else in its place. */
const withOutcomes = (change: (outcomes: Outcomes) => Outcomes) => (actor: AnyActor) => {
  const onResult = change(actor.definition.onResult as Outcomes);
  return { ...actor, definition: { ...actor.definition, onResult } };
};

/** Each leaves out something that nothing else makes up for; `shows` is in what is found then. */
const mutants: Readonly<Record<string, Mutation & { readonly shows: string }>> = {
  'a repeated Reserve does not mark the charge for undo': {
    shows: 'money kept',
    checkout: withOutcomes((outcomes) => ({
      ...outcomes,
      Reserve: (turn, outcome, input) => outcomes['Reserve']?.(turn, { ...outcome, repeated: false }, input),
    })),
  },
  'the answer with the prices waits for the next record': {
    shows: 'money kept',
    checkout: withOutcomes((outcomes) => ({
      ...outcomes,
      ClaimAndPrice(turn, outcome, input) {
        outcomes['ClaimAndPrice']?.(turn, outcome, input);
        turn.postponeWrite();
      },
    })),
  },
  'what a Resume asks again counts as asked for the first time': {
    shows: 'stock',
    checkout(actor) {
      const receive: unknown = {
        ...(actor.definition.receive as object),
        Resume(turn: Turn<CheckoutState>) {
          const { session } = turn.state;
          if (session === null) throw noSuchCheckout();
          const step = session.value === 'reserving' ? 'Reserve' : undefined;
          if (step !== undefined)
            turn.perform(step as never, inputOf(step, session.context) as never, { id: 'step' });
          return viewOf(session);
        },
      };
      return {
        ...actor,
        definition: { ...actor.definition, receive: receive as typeof actor.definition.receive },
      };
    },
  },
  'a claim that no checkout knows is never given back': {
    shows: 'does not come to rest',
    status: (told) => told.catch(() => ({ status: 'INITIATED' })),
  },
};

const fromOperators: readonly Between[] = ['resume', 'compensate'];
const fromAnybody: readonly Between[] = ['cancel', 'start again', 'add to cart', ...fromOperators];

/** Goes these ways, each at the first place of its name that comes, and no others. */
function following(ways: readonly (readonly [where: string, way: string])[]): Choices {
  const left = [...ways];
  return {
    pick(where, choices) {
      const [next] = left;
      const taken = next?.[0] === where ? choices.find((way) => way === next[1]) : undefined;
      if (taken !== undefined) left.shift();
      return taken ?? choices[0];
    },
  };
}

/** Nobody waits for a Reserve any more, the next one is refused, and then the first one arrives. */
const lateReserve = [
  ['reserve', 'after all'],
  ['Reserve, after effect', 'resume'],
  ['reserve', 'sold out for now'],
] as const;

/** Many runs full of faults; the same ones each time. */
async function storm(run: (choices: Choices) => Promise<void>): Promise<void> {
  for (let seed = 1; seed <= 600; seed++) {
    await wander(randomFrom(seed), 0.1 + (seed % 5) / 10, run).catch((cause: unknown) => {
      throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
    });
  }
}

describe('checkout: every way it can go', function () {
  this.timeout(600_000);
  const seen: Seen = { states: new Set(), endings: new Set() };

  it('ends well with any two faults: refusals, unknown outcomes, crashes, and messages in between', async () => {
    const { runs } = await explore(2, (choices) => runCheckout(choices, seen));
    expect(runs).to.be.greaterThan(5000);
  });

  it('ends well with any two faults and orders of an operator', async () => {
    const { runs } = await explore(2, (choices) => runCheckout(choices, seen, {}, fromOperators));
    expect(runs).to.be.greaterThan(5000);
  });

  it('ends well in a storm of faults', async () => {
    await storm((choices) => runCheckout(choices, seen));
    await storm((choices) => runCheckout(choices, seen, {}, fromAnybody));
  });

  it('gives back stock that came late, after an operator had it asked for again', async () => {
    await runCheckout(following(lateReserve), seen, {}, fromAnybody);
  });

  it('gives the money back when the reservation expires again and again', async () => {
    const expiring: Choices = {
      pick: (where, ways) => ways.find((way) => where === 'confirm' && way === 'expired') ?? ways[0],
    };
    await runCheckout(expiring, seen);
    expect([...seen.endings]).to.include('failed reservation_expired');
  });

  it('has been in every state, and come to every end', () => {
    // What is rejected is not stored.
    const stored = leafStates(checkoutMachine.root).map((state) => (state === 'rejected' ? 'absent' : state));
    expect([...seen.states].sort()).to.deep.equal(stored.sort());
    expect([...seen.endings].sort()).to.deep.equal(
      [
        'completed',
        'failed cancelled',
        'failed cart_unavailable',
        'failed catalog_unavailable',
        'failed compensated',
        'failed insufficient_stock',
        'failed inventory_unavailable',
        'failed payment_declined: card_declined',
        'failed payment_unavailable',
        'failed product_unavailable',
        'failed reservation_expired',
        'rejected checkout_in_progress',
        'rejected empty_cart',
      ].sort(),
    );
  });

  for (const [name, { shows, ...mutation }] of Object.entries(mutants)) {
    it(`finds the fault when ${name}`, async () => {
      const fresh: Seen = { states: new Set(), endings: new Set() };
      const run = (choices: Choices) => runCheckout(choices, fresh, mutation, fromAnybody);
      const found = await run(following(lateReserve))
        .then(() => storm(run))
        .catch(String);
      expect(String(found).slice(-300), 'what was found').to.contain(shows);
    });
  }
});
