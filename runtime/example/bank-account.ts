/*
 * A bank account, as a complete example of the runtime: a contract, an actor with a rule (how far it may be
 * overdrawn), and a transfer to another account that is given back when that one refuses it. The README of the
 * runtime walks through this file.
 */
import { z } from 'zod';
import { defineActor, defineContract, refusal, ActorError, type EffectContext } from '@trolley/runtime';

const Money = z.object({ cents: z.int().positive() });
/** `onItsWayCents` has left in transfers that have not ended yet. */
const Account = z.object({ balanceCents: z.int(), onItsWayCents: z.int(), isClosed: z.boolean() });
type Account = z.infer<typeof Account>;

/** What callers know of an account: what it does and what it refuses. Its key is the account's number. */
export const BankAccount = defineContract({
  type: 'bank-account',
  key: z.string().regex(/^[a-z0-9-]{1,40}$/),
  refusals: { closed: null, not_empty: null, overdrawn: z.object({ limitCents: z.int() }) },
  messages: {
    Deposit: { input: Money, output: Account },
    Withdraw: { input: Money, output: Account },
    /** Answered when the other account has taken the money, or refused it. */
    Transfer: { input: Money.extend({ to: z.string() }), output: Account },
    GetBalance: { input: z.object({}), output: Account, readOnly: true },
    Close: { input: z.object({}), output: Account },
  },
});

const overdraftCents = 10_000;

function deposit(account: Account, cents: number): Account {
  if (account.isClosed) throw refusal(BankAccount, 'closed', 'the account is closed');
  return { ...account, balanceCents: account.balanceCents + cents };
}

function withdraw(account: Account, cents: number): Account {
  if (account.isClosed) throw refusal(BankAccount, 'closed', 'the account is closed');
  if (account.balanceCents - cents < -overdraftCents) {
    throw refusal(BankAccount, 'overdrawn', 'this is too much', { limitCents: overdraftCents });
  }
  return { ...account, balanceCents: account.balanceCents - cents };
}

interface Transfer {
  readonly id: string;
  readonly to: string;
  readonly cents: number;
}

/** The actor behind the contract. */
export const bankAccount = defineActor(BankAccount, {
  state: Account,
  initial: (): Account => ({ balanceCents: 0, onItsWayCents: 0, isClosed: false }),
  // Kept with a caller of Transfer who waits: the id of the transfer.
  tags: { Transfer: z.string() },

  receive: {
    Deposit(turn, { cents }) {
      turn.set(deposit(turn.state, cents));
      return turn.state;
    },
    Withdraw(turn, { cents }) {
      turn.set(withdraw(turn.state, cents));
      return turn.state;
    },
    Transfer(turn, { to, cents }) {
      if (to === turn.key) throw new ActorError('invalid_request', 'this is the same account');
      const transfer: Transfer = { id: turn.messageId, to, cents };
      // The money leaves in the same write that remembers where it has to go.
      const account = withdraw(turn.state, cents);
      turn.set({ ...account, onItsWayCents: account.onItsWayCents + cents });
      turn.perform('Deposit', transfer, { id: transfer.id });
      return turn.defer(transfer.id);
    },
    GetBalance: (turn) => turn.state,
    Close(turn) {
      const { balanceCents, onItsWayCents } = turn.state;
      if (balanceCents !== 0 || onItsWayCents !== 0) {
        throw refusal(BankAccount, 'not_empty', 'the account is not empty');
      }
      turn.set({ ...turn.state, isClosed: true });
      return turn.state;
    },
  },

  effects: {
    Deposit({ id, to, cents }: Transfer, { refs, key }: EffectContext) {
      // May run more than once, always under the same key: the other account counts it once.
      const options = { idempotencyKey: `transfer ${id} of ${key}` };
      return refs.ref(BankAccount, to).deposit({ cents }, options);
    },
  },

  onResult: {
    Deposit(turn, outcome, transfer) {
      const { id, cents } = transfer;
      if (outcome.error?.retry === 'backoff') {
        // Unknown is not refused: the money may have arrived. Asked again, it arrives once.
        return turn.perform('Deposit', transfer, { id, delayMs: 1_000 });
      }
      const arrived = { ...turn.state, onItsWayCents: turn.state.onItsWayCents - cents };
      if (outcome.ok) {
        turn.set(arrived);
        return turn.answerWaiting({ Transfer: () => turn.state }, ({ tag }) => tag === id);
      }
      turn.set({ ...arrived, balanceCents: arrived.balanceCents + cents });
      turn.refuseWaiting(outcome.error, ({ tag }) => tag === id);
    },
  },
});
