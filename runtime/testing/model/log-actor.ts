import { z } from 'zod';
import { defineActor } from '../../define/actor.ts';
import { defineContract } from '../../define/contract.ts';
import type { DeepReadonly } from '../../define/deep-readonly.ts';
import { ActorError } from '../../define/errors.ts';
import type { ActorRefs } from '../../define/ref.ts';

const SeenState = z.object({ seen: z.array(z.int()) });
type SeenState = DeepReadonly<z.infer<typeof SeenState>>;
const Entry = z.object({ n: z.int() });

/** An actor that remembers what it was told, in the order it was told: every fault of delivery shows in it. */
export const Log = defineContract({
  type: 'log',
  key: z.string(),
  messages: {
    Append: { input: Entry, output: SeenState },
    Note: { input: Entry },
    Read: { input: z.object({}), output: SeenState, readOnly: true },
    /** Appends, if something else was appended before; else it is refused. */
    AppendAfter: { input: z.object({ n: z.int(), after: z.int() }), output: SeenState },
    /** Appends on a sound node, on another it breaks. */
    AppendIfSound: { input: Entry, output: SeenState },
    /** Appends to a log that nobody need have read. */
    Begin: { input: Entry, output: SeenState },
    /** Changes nothing, but is none of those that only read. */
    Look: { input: z.object({}), output: SeenState },
    /** Appends when a reminder comes. */
    Later: { input: Entry },
    /** Appends to another log as an effect, then to its own. */
    Copy: { input: z.object({ n: z.int(), to: z.string() }) },
    /** The same, answered once it is done. */
    CopyThrough: { input: z.object({ n: z.int(), to: z.string() }), output: SeenState },
  },
});

export const createLogActor = (refs: ActorRefs, isSound: boolean) =>
  defineActor(Log, {
    state: SeenState,
    initial: (): SeenState => ({ seen: [] }),
    createdBy: ['Begin', 'Look'],
    effects: {
      // Named after the message and not after the run: tried again, it is the same.
      Append: ({ n, to }: { n: number; to: string }) =>
        refs.ref(Log, to).ask('Append', { n }, { messageId: `copy-${n}`, timeoutMs: 2_000 }),
    },
    receive: {
      Append: (turn, { n }) => append(turn, n),
      Note: (turn, { n }) => void append(turn, n),
      Read: async ({ state }) => state,
      AppendAfter(turn, { n, after }) {
        if (!turn.state.seen.includes(after)) throw new ActorError('conflict', `${after} was not seen`);
        return append(turn, n);
      },
      AppendIfSound(turn, { n }) {
        if (!isSound) throw new Error('this node is broken');
        return append(turn, n);
      },
      Begin: (turn, { n }) => append(turn, n),
      Look: ({ state }) => state,
      Later: (turn, input) => turn.remind('Note', input, { delayMs: 50, id: `later-${input.n}` }),
      Copy(turn, input) {
        turn.perform('Append', input, { id: `copy-${input.n}` });
        turn.postponeWrite();
      },
      CopyThrough(turn, input) {
        turn.perform('Append', input, { id: `copy-${input.n}` });
        turn.postponeWrite();
        return turn.defer();
      },
    },
    onResult: {
      Append(turn, outcome, input) {
        if (outcome.ok) {
          append(turn, input.n);
          turn.answerWaiting({ CopyThrough: () => turn.state });
        } else turn.perform('Append', input, { id: `copy-${input.n}`, delayMs: 50 });
      },
    },
  });

function append(turn: { readonly state: SeenState; set(next: SeenState): void }, n: number): SeenState {
  turn.set({ seen: [...turn.state.seen, n] });
  return turn.state;
}
