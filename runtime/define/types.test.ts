import { expect } from 'chai';
import { z } from 'zod';
import { defineActor, type Effects, type Turn } from './actor.ts';
import { defineContract } from './contract.ts';
import type { DeepReadonly } from './deep-readonly.ts';
import type { CanDefer } from './deferred.ts';
import { ActorError } from './errors.ts';
import { isRefusal, refusal } from './refusal.ts';
import type { ActorRefs } from './ref.ts';

const Total = z.object({ total: z.int() });
const Counter = defineContract({
  type: 'counter',
  key: z.string(),
  refusals: { too_much: z.object({ limit: z.int() }), closed: null },
  messages: {
    Add: { input: z.object({ by: z.int() }), output: Total },
    Note: { input: z.object({ by: z.int() }) },
    Get: { input: z.object({}), output: Total },
    List: { input: z.object({ from: z.int().default(0) }), output: z.array(Total) },
    Then: { input: z.object({}), output: Total },
  },
});
const Gauge = defineContract({
  type: 'gauge',
  key: z.string(),
  messages: {
    Read: { input: z.object({}), output: Total, readOnly: true },
    Note: { input: z.object({ by: z.int() }) },
  },
});

const reads = {
  Get: (turn: Turn<z.infer<typeof Total>>) => turn.state,
  List: () => [],
  Then: (turn: Turn<z.infer<typeof Total>>) => turn.state,
};

/*
 * What must not compile. `npm run types` checks it: a line marked so that does compile is an error there.
 */
describe('the types of actors', () => {
  it('reject at compile time what a caller cannot send', () => {
    const calls = (refs: ActorRefs) => {
      const ref = refs.ref(Counter, 'a');
      // @ts-expect-error a message without output cannot be asked
      void ref.ask('Note', { by: 1 });
      // @ts-expect-error the input is of another shape
      void ref.ask('Add', { amount: 1 });
      // @ts-expect-error there is no such message
      void ref.tell('Subtract', { by: 1 });
      // @ts-expect-error an ask waits for its answer, so it is not for later
      void ref.ask('Add', { by: 1 }, { delayMs: 1_000 });
    };
    expect(calls).to.be.a('function');
  });

  it('give a ref a method for each message, with its input, its answer and its options', () => {
    const calls = async (refs: ActorRefs) => {
      const ref = refs.ref(Counter, 'a');
      const total: number = (await ref.add({ by: 1 }, { idempotencyKey: 'k', timeoutMs: 1_000 })).total;
      const answers: readonly { total: number }[] = [await ref.get(), ...(await ref.list())];
      await ref.note({ by: 1 }, { delayMs: 1_000 });
      // @ts-expect-error the input is of another shape
      void ref.add({ amount: 1 });
      // @ts-expect-error the input has to be given
      void ref.add();
      // @ts-expect-error the answer is an object
      const wrong: number = await ref.add({ by: 1 });
      // @ts-expect-error an ask waits for its answer, so it is not for later
      void ref.add({ by: 1 }, { delayMs: 1_000 });
      // @ts-expect-error nobody waits for an answer to what is told
      void ref.note({ by: 1 }, { timeoutMs: 1_000 });
      // @ts-expect-error there is no such message
      expect(ref.subtract);
      // @ts-expect-error a ref is no promise: a message of this name is sent by its name
      expect(ref.then);
      return [total, answers, wrong, await ref.ask('Then', {})];
    };
    expect(calls).to.be.a('function');
  });

  it('are known to an effect and to those who perform it, without being written down', () => {
    const actor = defineActor(Counter, {
      state: Total,
      initial: () => ({ total: 0 }),
      effects: { Length: async (text: string, { effectId }) => effectId.length + text.length },
      receive: {
        Add(turn) {
          // @ts-expect-error the effect takes another input
          turn.perform('Length', 1);
          return turn.state;
        },
        Note: (turn) => turn.perform('Length', 'note'),
        ...reads,
      },
      onResult: {
        Length(turn, outcome) {
          if (outcome.error?.retry === 'backoff') return;
          // @ts-expect-error the effect has another result
          const { text }: { text: string | false } = { text: outcome.ok && outcome.value };
          expect(text).to.be.a('number');
          if (outcome.ok) turn.set({ total: outcome.value });
        },
      },
    });
    expect(actor.definition.effects).to.have.property('Length');
  });

  it('reject at compile time a change of the state in place, however deep', () => {
    interface Lines {
      lines: string[];
      first: [{ tags: string[] }];
    }
    const change = (turn: Turn<Lines>, readonly: Turn<DeepReadonly<Lines>>) => {
      // @ts-expect-error a property of the state
      turn.state.lines = [];
      // @ts-expect-error an element of its array
      turn.state.lines[0] = 'changed';
      // @ts-expect-error something deeper in it
      turn.state.first[0].tags[0] = 'changed';
      // @ts-expect-error a part of its tuple
      turn.state.first[0] = { tags: [] };
      turn.set({ ...turn.state, lines: [...turn.state.lines, 'new'] });
      readonly = turn;
      turn = readonly;
    };
    expect(change).to.be.a('function');
  });

  it('let a read-only message change nothing, and wait', () => {
    const actor = defineActor(Gauge, {
      state: Total,
      initial: () => ({ total: 0 }),
      effects: { Length: async (text: string) => text.length },
      receive: {
        async Read(turn) {
          type Changing = 'set' | 'clear' | 'perform' | 'remind' | 'publish' | 'defer' | 'answerWaiting';
          const changesNothing: [Extract<keyof typeof turn, Changing>] extends [never] ? true : false = true;
          expect(changesNothing).to.equal(true);
          return turn.state;
        },
        Note(turn) {
          // @ts-expect-error nobody would hear what a reminder reads
          turn.remind('Read', {}, { delayMs: 1_000 });
        },
      },
      onResult: { Length: () => undefined },
    });
    expect(actor.contract).to.equal(Gauge);
  });

  it('reject at compile time what an actor does not do', () => {
    const definitions = () => [
      defineActor(Counter, {
        state: Total,
        initial: () => ({ total: 0 }),
        // @ts-expect-error a handler is missing
        receive: { Note: () => undefined },
      }),
      defineActor(Counter, {
        state: Total,
        initial: () => ({ total: 0 }),
        receive: {
          // @ts-expect-error the answer is of another shape
          Add: () => ({ sum: 1 }),
          Note: () => undefined,
          ...reads,
        },
      }),
      defineActor(Counter, {
        state: Total,
        initial: () => ({ total: 0 }),
        receive: {
          Add(turn, { by }) {
            // @ts-expect-error there is no such message to be reminded of
            turn.remind('Subtract', { by }, { delayMs: 1_000 });
            // @ts-expect-error the message takes another input
            turn.remind('Note', { amount: by }, { delayMs: 1_000 });
            // @ts-expect-error a reminder has a time
            turn.remind('Note', { by }, { id: 'later' });
            // @ts-expect-error there is no such effect
            turn.perform('Charge', {});
            turn.remind('Note', { by }, { at: turn.now + 1_000, id: 'later' });
            return turn.state;
          },
          Note: () => undefined,
          ...reads,
        },
      }),
    ];
    expect(definitions).to.be.a('function');
  });

  it('know the tags of those who wait for a deferred answer, and the answers', () => {
    const receive = { ...reads, Add: () => ({ total: 0 }), Note: () => undefined };
    const tags = { Add: z.object({ since: z.int() }), Get: z.string().optional() };
    type Tags = { [N in keyof typeof tags]: z.infer<(typeof tags)[N]> };
    type CounterTurn = Turn<z.infer<typeof Total>, Effects, typeof Counter.messages, Tags>;
    const settle = (turn: CounterTurn & CanDefer<{ since: number }>) => {
      turn.answerWaiting(
        {
          Add: ({ tag }) => ({ total: tag.since }),
          Get: ({ tag = '' }) => ({ total: tag.length }),
          Then: () => turn.state,
        },
        ({ message, tag }) => (message === 'Add' ? tag.since > 1 : tag !== 'later'),
      );
      // @ts-expect-error the answer to this message is of another shape
      turn.answerWaiting({ List: () => turn.state });
      turn.answerWaiting({
        Add({ tag }) {
          // @ts-expect-error there is no such property of this tag
          expect(tag.until);
          return turn.state;
        },
        Then({ tag }) {
          // @ts-expect-error who waits for this one has no tag
          expect(tag.since);
          return turn.state;
        },
      });
      // @ts-expect-error nobody waits for a message without output
      turn.answerWaiting({ Note: () => undefined });
      // @ts-expect-error there is no such message
      turn.refuseWaiting(new ActorError('forbidden', 'no'), ({ message }) => message === 'Subtract');
      // @ts-expect-error a tag is frozen
      turn.answerWaiting({ Add: ({ tag }) => ({ total: (tag.since = 1) }) });
      // @ts-expect-error the tag has to be given
      turn.defer();
      return turn.defer({ since: 1 });
    };
    const helper = (turn: Turn<z.infer<typeof Total>>) => {
      turn.refuseWaiting(new ActorError('forbidden', 'no'), ({ message }) => message === 'Add');
      // @ts-expect-error which message it is of is not known
      expect(turn.defer);
    };
    const definitions = () => [
      defineActor(Counter, {
        state: Total,
        initial: () => ({ total: 0 }),
        tags,
        effects: { Length: async (text: string) => Promise.resolve(text.length) },
        receive: {
          ...receive,
          Add: (turn) => settle(turn),
          // @ts-expect-error the tag is a text
          Get: (turn) => turn.defer({ since: 1 }),
          // @ts-expect-error this message has no tag
          Then: (turn) => turn.defer({ since: 1 }),
          List: (turn) => turn.defer(),
          Note: (turn) => {
            helper(turn);
            // @ts-expect-error nobody waits for an answer to it
            expect(turn.defer);
          },
        },
        onResult: {
          Length(turn) {
            // @ts-expect-error an outcome has no caller who could wait
            expect(turn.defer);
          },
        },
      }),
      defineActor(Counter, {
        state: Total,
        initial: () => ({ total: 0 }),
        // @ts-expect-error there is no such message
        tags: { Subtract: Total },
        receive,
      }),
      defineActor(Counter, {
        state: Total,
        initial: () => ({ total: 0 }),
        // @ts-expect-error nobody waits for a message without output
        tags: { Get: Total, Note: Total },
        receive,
      }),
    ];
    expect(definitions).to.throw(TypeError, "actor 'counter': the tag of Subtract: there is no such message");
  });

  it('reject at compile time a refusal that the contract does not declare', () => {
    const Plain = defineContract({ type: 'plain', key: z.string(), messages: {} });
    const thrown = () => [
      refusal(Counter, 'too_much', 'too much', { limit: 3 }),
      refusal(Counter, 'closed', 'it is closed'),
      // @ts-expect-error there is no such code
      refusal(Counter, 'too_little', 'too little'),
      // @ts-expect-error this contract declares none
      refusal(Plain, 'closed', 'it is closed'),
      // @ts-expect-error a detail is missing
      refusal(Counter, 'too_much', 'too much', {}),
      // @ts-expect-error the details are missing
      refusal(Counter, 'too_much', 'too much'),
      // @ts-expect-error the detail is of another type
      refusal(Counter, 'too_much', 'too much', { limit: '3' }),
      // @ts-expect-error this code has no details
      refusal(Counter, 'closed', 'it is closed', { limit: 3 }),
    ];
    const declared = () => [
      // @ts-expect-error details are an object
      defineContract({ type: 'a', key: z.string(), refusals: { no: z.string() }, messages: {} }),
      defineContract({
        type: 'a',
        key: z.string(),
        // @ts-expect-error details hold texts, numbers and booleans
        refusals: { no: z.object({ items: z.array(z.int()) }) },
        messages: {},
      }),
    ];
    expect([thrown, declared]).to.have.length(2);
  });

  it('know the details of a refusal by its code', () => {
    const error: unknown = refusal(Counter, 'too_much', 'too much', { limit: 3 });
    // @ts-expect-error there is no such code
    expect(isRefusal(Counter, error, 'too_little')).to.equal(false);
    if (!isRefusal(Counter, error)) throw error;
    const known: 'too_much' | 'closed' = error.code;
    expect(known).to.equal('too_much');
    if (error.code !== 'too_much') throw error;
    const limit: number = error.details.limit;
    // @ts-expect-error there is no such detail
    expect(error.details.left).to.equal(undefined);
    const asActorError: ActorError = error;
    if (!isRefusal(Counter, asActorError, 'too_much')) throw error;
    expect(asActorError.details.limit + limit).to.equal(6);
  });
});
