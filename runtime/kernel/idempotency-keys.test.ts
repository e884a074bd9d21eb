import { expect } from 'chai';
import { z } from 'zod';
import { defineActor } from '../define/actor.ts';
import { defineContract, type InputOf } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import { MemoryStateStore } from '../storage/memory-state-store.ts';
import type { AppliedMessage } from '../storage/state-store.ts';
import { createTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const To = z.object({ street: z.string(), city: z.string() });
const Sent = z.object({ sent: z.int() });
const Parcel = defineContract({
  type: 'parcel',
  key: z.string(),
  messages: { Send: { input: z.object({ to: To, cents: z.int().nullable() }), output: Sent } },
});
const ParcelActor = defineActor(Parcel, {
  state: Sent,
  initial: () => ({ sent: 0 }),
  receive: {
    Send(turn) {
      turn.set({ sent: turn.state.sent + 1 });
      return turn.state;
    },
  },
});

/** `Send` of `request` under the key `k`, as a release stored it that knew one order of the keys only. */
const storedBefore: AppliedMessage = {
  id: 'k-glTDKakoUPbVOd03b0gW7i',
  at: 0,
  answer: { ok: { sent: 17 } },
  fingerprint: 'Send:KqInXtyEq9Mur3QK9ed1EQ',
};
const request = { to: { street: 'High St', city: 'York' }, cents: 5 };
const otherOrder = { cents: 5, to: { city: 'York', street: 'High St' } };

describe('an idempotency key', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  beforeEach(() => {
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: [{ actor: ParcelActor, store }] });
  });
  afterEach(() => cluster.close());

  const send = (input: InputOf<typeof Parcel.messages, 'Send'>, idempotencyKey = 'k') =>
    cluster.ref(Parcel, 'a').ask('Send', input, { idempotencyKey });
  const applied = async () => (await store.load('a'))?.record.applied ?? [];

  it('names the same request in whatever order its keys are written, now and from the archive', async () => {
    for (let n = 1; n <= 40; n++) expect(await send(request, `k${n}`)).to.deep.equal({ sent: n });
    expect(await applied(), 'the rest is archived').to.have.length.below(40);
    cluster.crash();
    for (let n = 1; n <= 40; n++) expect(await send(otherOrder, `k${n}`)).to.deep.equal({ sent: n });
  });

  it('refuses another request, if only a null in the place of a number', async () => {
    await send(request);
    const others = [
      { ...request, cents: null },
      { ...request, cents: 6 },
      { ...request, to: { ...request.to, city: '' } },
    ];
    for (const other of others)
      expect(await send(other).then(() => 'sent', codeOf)).to.equal('idempotency_key_reused');
    expect((await store.load('a'))?.record.state).to.deep.equal({ sent: 1 });
  });

  it('that an older node took names the request for a newer one', async () => {
    const record = { state: { sent: 17 }, applied: [storedBefore], effects: [], waiting: [] };
    await store.write({ key: 'a', expectedVersion: 0, record, events: [], now: 0 });
    expect(await send(request)).to.deep.equal({ sent: 17 });
  });

  it('that a newer node took names the request for an older one', async () => {
    await send(request);
    // An older node compares this with what came.
    const { id, fingerprint } = storedBefore;
    expect((await applied())[0]).to.include({ id, fingerprint });
  });
});
