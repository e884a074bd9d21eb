import { defineActor, defineContract, type EffectContext } from '@trolley/runtime';
import { z } from 'zod';

/**
 * An actor that betrays every fault of its runtime: it keeps the numbers it saw in the order it saw them, and
 * notes each that was not the next one.
 */
export const Ledger = defineContract({
  type: 'ledger',
  key: z.string().min(1),
  messages: {
    Append: {
      input: z.object({
        n: z.int().positive(),
        /** Appends the number to the ledger of this key, too, by an effect, and answers when that one has. */
        copyTo: z.string().min(1).optional(),
        /** Holds up the whole node of this name, as a handler does that computes for too long. */
        block: z.object({ node: z.string(), ms: z.int() }).optional(),
        /** Fills the memory of every node that handles it. */
        exhaust: z.boolean().optional(),
      }),
      output: z.object({ count: z.int(), node: z.string() }),
    },
  },
});

/** A number that was not the next one. */
const Anomaly = z.object({ expected: z.int(), found: z.int(), node: z.string() });

const LedgerState = z.object({
  seen: z.array(z.int()),
  anomalies: z.array(Anomaly),
  /** The node that wrote this state. */
  writer: z.string(),
});
export type LedgerState = z.infer<typeof LedgerState>;

interface Copy {
  readonly n: number;
  readonly to: string;
}

/** Between two tries of a copy whose outcome is unknown. */
const copyAgainMs = 200;

/** The ledger as the node called `node` hosts it. */
export function createLedgerActor(node: string) {
  return defineActor(Ledger, {
    state: LedgerState,
    initial: (): LedgerState => ({ seen: [], anomalies: [], writer: node }),
    tags: { Append: z.int() },
    receive: {
      Append(turn, { n, copyTo, block, exhaust }) {
        if (block?.node === node) holdUp(block.ms);
        if (exhaust === true) fillMemory();
        const { seen, anomalies } = turn.state;
        const expected = seen.length + 1;
        turn.set({
          seen: [...seen, n],
          anomalies: n === expected ? anomalies : [...anomalies, { expected, found: n, node }],
          writer: node,
        });
        if (copyTo === undefined) return { count: expected, node };
        turn.perform('Copy', { n, to: copyTo }, { id: `copy ${n}` });
        return turn.defer(expected);
      },
    },
    effects: {
      // Reaches the other ledger through Redis or, where this node hosts it, within the process.
      Copy: ({ n, to }: Copy, { refs, key }: EffectContext) =>
        refs.ref(Ledger, to).append({ n }, { messageId: `${key}-${n}-copy` }),
    },
    onResult: {
      Copy(turn, outcome, copy) {
        const isOf = ({ tag }: { readonly tag: number }) => tag === copy.n;
        if (outcome.ok) return turn.answerWaiting({ Append: ({ tag }) => ({ count: tag, node }) }, isOf);
        if (outcome.error.retry === 'backoff')
          return turn.perform('Copy', copy, { id: `copy ${copy.n}`, delayMs: copyAgainMs });
        turn.refuseWaiting(outcome.error, isOf);
      },
    },
  });
}

/** Ends the process: no heap has room for it. */
function fillMemory(): never {
  const kept: string[][] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => `${kept.length}-${i}`));
}

/** Nothing else runs in this thread meanwhile: no timer, no renewal of a lease. */
function holdUp(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
