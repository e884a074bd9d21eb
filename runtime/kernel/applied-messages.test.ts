import { expect } from 'chai';
import type { ActorRecord, AppliedMessage } from '../storage/state-store.ts';
import { appliedBefore, withApplied } from './applied-messages.ts';

type Known = Pick<ActorRecord, 'applied' | 'archive' | 'waiting'>;

const dayMs = 24 * 3_600_000;
const keyed = (n: number, at = 0, answer: AppliedMessage['answer'] = { ok: n }): AppliedMessage => ({
  ...{ id: `k-${n}`, at, fingerprint: `f-${n}`, answer },
});
const unkeyed = (n: number, at = 0, size = 10): AppliedMessage => ({
  ...{ id: `r-${n}`, at, answer: { ok: 'x'.repeat(size) } },
});
/** Each in a turn of its own. */
const after = (messages: readonly AppliedMessage[], begun: Partial<Known> = {}): Known =>
  messages.reduce<Known>((known, one) => ({ ...known, ...withApplied(known, [one], one.at) }), {
    applied: [],
    waiting: [],
    ...begun,
  });
const many = (count: number, make: (n: number) => AppliedMessage) =>
  Array.from({ length: count }, (_, n) => make(n));
const found = (known: Known, one: AppliedMessage) => appliedBefore(known, [], one);
const archived = ({ archive = [] }: Known) => archive.flatMap(({ ids }) => ids);

describe('applied messages', () => {
  it('with a key are found as they were, archived or not', () => {
    const all = many(200, keyed);
    const known = after(all);
    expect(archived(known).length + known.applied.length).to.equal(200);
    expect(known.applied.length).to.be.at.most(32);
    for (const one of all) expect(found(known, one)).to.deep.equal(one);
    expect(found(known, keyed(200))).to.equal(undefined);
  });

  it('with a key are forgotten after a day, and before that beyond a thousand', () => {
    const known = after([...many(100, keyed), ...many(100, (n) => keyed(100 + n, dayMs + 1))]);
    expect(archived(known)).not.to.include('k-0');
    expect(archived(known)).to.include('k-100');
    const full = after(many(1_500, keyed));
    expect(archived(full).length + full.applied.length).to.be.within(1_000, 1_056);
    expect(found(full, keyed(600))).to.deep.equal(keyed(600));
  });

  it('with answers too large to keep are known by their ids', () => {
    const large = (n: number) => {
      const random = Array.from({ length: 200 }, (_, i) => Math.sin(n * 1_000 + i)).join();
      return keyed(n, 0, { ok: random });
    };
    const known = after(many(100, large));
    expect(JSON.stringify(known).length).to.be.at.most(64 * 1_024);
    expect(found(known, large(99))).to.deep.equal(large(99));
    expect(found(known, large(0))).to.deep.include({ id: 'k-0', fingerprint: 'f-0', answerDropped: true });
  });

  it('stay where they are found while somebody waits for their answer', () => {
    const waiting = [{ messageId: 'k-0', message: 'Start', replyTo: 'inbox' }];
    const known = after(many(100, keyed), { waiting });
    expect(known.applied.map(({ id }) => id)).to.include('k-0');
    expect(archived(known)).not.to.include('k-0');
  });

  it('without a key keep the answers of the last turns as far as there is room, and of their own whatever it takes', () => {
    const turns = after(many(40, (n) => unkeyed(n, 0, 4_000)));
    const whole = ({ applied }: Known) =>
      applied.filter((one) => one.answerDropped !== true).map(({ id }) => id);
    expect(whole(turns)).to.deep.equal(['r-38', 'r-39']);
    const turn = many(16, (n) => unkeyed(100 + n, 0, 4_000));
    const together = { ...turns, ...withApplied(turns, turn, 0) };
    expect(whole(together)).to.deep.equal(turn.map(({ id }) => id));
  });

  it('without a key are remembered by their id for as long as Redis may bring them back', () => {
    const known = after(many(100, (n) => unkeyed(n)));
    expect(known.applied.length).to.equal(100);
    const later = after(
      many(49, (n) => unkeyed(100 + n, 10_000)),
      known,
    );
    expect(later.applied.map(({ at }) => at)).to.deep.equal(Array(49).fill(10_000));
  });
});
