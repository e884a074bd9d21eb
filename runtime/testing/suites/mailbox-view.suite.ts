import { expect } from 'chai';
import { codeOf } from '../../define/errors.ts';
import { mailboxes, type Mailboxes, type MailboxQuery } from '../../inspect/mailboxes.ts';
import { addressOf, type ActorAddress } from '../../mailbox/address.ts';
import type { MailboxUnderTest } from './mailbox.suite.ts';

/** What every mailbox adapter lets operators see. */
export function describeMailboxView(name: string, open: () => Promise<MailboxUnderTest>): void {
  describe(`what is seen of mailboxes: ${name}`, () => {
    const shards = 8;
    const of = (type: string, key: string) => addressOf(type, key, shards);
    const cart = of('cart', 'user:1/ä');
    const all = { max: 16, wakeAt: Infinity };
    let under: MailboxUnderTest;
    let seen: Mailboxes;

    beforeEach(async () => {
      under = await open();
      const holder = async () => ({ node: 'one', token: 'one#1', heldSince: 1, expiresInMs: 1 });
      seen = mailboxes({ view: under.view, holders: { holder }, shards });
    });
    afterEach(() => under.close());

    const send = (to: ActorAddress, jobId: string, notBefore?: number, input: unknown = { jobId }) =>
      under.mailbox.send(
        to,
        jobId,
        { v: 1, id: `m-${jobId}`, name: 'Add', input, requestId: 'r-1', traceparent: 't-1' },
        notBefore,
      );
    const sendMany = async (to: ActorAddress, count: number) => {
      for (let i = 1; i <= count; i++) await send(to, `j${i}`);
    };
    const fail = async (to: ActorAddress, jobId: string) => {
      await send(to, jobId);
      const lease = await under.grant(to.shard);
      await under.mailbox.claim(to, lease, all);
      await under.mailbox.ack(to, lease, [{ jobId, failedReason: 'broken', attempts: 3 }], all);
      await under.revoke(to.shard);
    };
    const park = async (to: ActorAddress, jobId: string) => {
      await send(to, jobId);
      const lease = await under.grant(to.shard);
      await under.mailbox.claim(to, lease, all);
      await under.mailbox.park(to, lease, { jobId, message: 'Add', reason: 'stuck', attempts: 2 });
      await under.revoke(to.shard);
    };
    const keysOf = async (query?: MailboxQuery) => (await seen.list(query)).items.map(({ key }) => key);

    it('is nothing where nothing waits', async () => {
      expect(await seen.list()).to.deep.equal({ items: [], isPartial: false });
      const mailbox = await seen.get('cart', cart.key);
      const none = { waiting: 0, active: 0, delayed: 0, failed: 0, messages: [] };
      expect(mailbox).to.deep.equal({ type: 'cart', key: cart.key, shard: cart.shard, node: 'one', ...none });
      expect(await seen.message('cart', cart.key, 'a')).to.equal(undefined);
      // An actor that only has to wake by itself has no messages.
      const lease = await under.grant(cart.shard);
      await under.mailbox.claim(cart, lease, { max: 1, wakeAt: Date.now() + 60_000 });
      expect((await seen.list()).items).to.deep.equal([]);
    });

    it('is a list that begins with the deepest, whatever shard they are in', async () => {
      for (const [key, count] of [
        ['a', 2],
        ['b', 5],
        ['c', 1],
        ['d', 4],
        ['e', 3],
      ] as const)
        await sendMany(of('cart', key), count);
      expect(await keysOf()).to.deep.equal(['b', 'd', 'e', 'a', 'c']);
      const [deepest] = (await seen.list({ limit: 1 })).items;
      expect(deepest).to.include({ type: 'cart', key: 'b', waiting: 5, active: 0, delayed: 0, failed: 0 });
      expect(deepest?.oldestAt).to.be.closeTo(Date.now(), 60_000);
    });

    it('begins with what has waited longest when that is asked for', async () => {
      for (const key of ['c', 'a', 'b']) {
        await send(of('cart', key), 'first');
        under.elapse(1_000);
      }
      await sendMany(of('cart', 'b'), 3);
      expect(await keysOf({ order: 'oldest' })).to.deep.equal(['c', 'a', 'b']);
      expect((await keysOf())[0]).to.equal('b');
    });

    it('goes by the first message of each, not by how long it has had any', async () => {
      const busy = of('cart', 'busy');
      await send(busy, 'first');
      under.elapse(1_000);
      await send(of('cart', 'waits'), 'first');
      under.elapse(1_000);
      await send(busy, 'second');
      const lease = await under.grant(busy.shard);
      await under.mailbox.claim(busy, lease, { max: 1, wakeAt: Infinity });
      await under.mailbox.ack(busy, lease, [{ jobId: 'first' }], { max: 0, wakeAt: Infinity });
      for (const query of [{}, { state: 'waiting' as const }]) {
        expect(await keysOf({ ...query, order: 'oldest', limit: 1 })).to.deep.equal(['waits']);
        expect(await keysOf({ ...query, order: 'oldest' })).to.deep.equal(['waits', 'busy']);
      }
    });

    it('goes by the first message of one that is parked, and was, not by when it is looked at again', async () => {
      const held = of('cart', 'held');
      await park(held, 'first');
      under.elapse(1_000);
      await send({ ...of('cart', 'waits'), shard: held.shard }, 'first');
      const oldest = () => keysOf({ order: 'oldest', limit: 1 });
      expect(await oldest()).to.deep.equal(['held']);
      under.elapse(10_000);
      expect(await oldest()).to.deep.equal(['held']);
      await under.admin.release(held, 'retry');
      expect(await oldest()).to.deep.equal(['held']);
    });

    it('goes by when a dead letter was sent first, also once it is sent again', async () => {
      const again = of('cart', 'again');
      await fail(again, 'first');
      under.elapse(1_000);
      await send({ ...of('cart', 'waits'), shard: again.shard }, 'first');
      expect(await under.admin.replay(again, 'first')).to.equal(true);
      expect(await keysOf({ order: 'oldest', limit: 1 })).to.deep.equal(['again']);
    });

    it('is found by type, and by how its key begins', async () => {
      for (const address of [
        of('cart', 'user:1'),
        of('cart', 'user:2'),
        of('cart', 'us'),
        of('cartons', 'user:1'),
      ])
        await send(address, 'a');
      expect((await keysOf({ type: 'cart' })).sort()).to.deep.equal(['us', 'user:1', 'user:2']);
      expect((await keysOf({ type: 'cart', key: 'user:' })).sort()).to.deep.equal(['user:1', 'user:2']);
      expect(await keysOf({ type: 'cart', key: 'user:2' })).to.deep.equal(['user:2']);
      expect(await keysOf({ type: 'order' })).to.deep.equal([]);
    });

    it('comes in pages, none of them twice, also where many are alike', async () => {
      const keys = Array.from({ length: 23 }, (_, i) => `k${i}`);
      for (const key of keys) await sendMany(of('cart', key), 1 + (Number(key.slice(1)) % 2));
      for (const order of ['deepest', 'oldest'] as const) {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await seen.list({ order, limit: 5, cursor });
          found.push(...page.items.map(({ key }) => key));
          cursor = page.cursor;
        } while (cursor !== undefined);
        expect(found.toSorted(), order).to.deep.equal(keys.toSorted());
      }
    });

    it('is found by where its messages are', async () => {
      const later = Date.now() + 3_600_000;
      await send(of('cart', 'waiting'), 'a');
      await send(of('cart', 'delayed'), 'a', later);
      await send(of('cart', 'delayed sooner'), 'a', later - 1_000);
      await fail(of('cart', 'failed'), 'a');
      await park(of('cart', 'parked'), 'a');
      const held = of('cart', 'active');
      await under.grant(held.shard);
      await send(held, 'a');
      expect(await keysOf({ state: 'delayed', order: 'oldest' })).to.deep.equal([
        'delayed sooner',
        'delayed',
      ]);
      expect(await keysOf({ state: 'failed' })).to.deep.equal(['failed']);
      expect(await keysOf({ state: 'parked' })).to.deep.equal(['parked']);
      expect(await keysOf({ state: 'active' })).to.deep.equal(['active']);
      expect((await keysOf({ state: 'waiting' })).sort()).to.deep.equal(['parked', 'waiting']);
      expect((await keysOf()).sort()).to.deep.equal(
        ['active', 'delayed', 'delayed sooner', 'failed', 'parked', 'waiting'].sort(),
      );
      const [parked] = (await seen.list({ state: 'parked' })).items;
      expect(parked?.parked).to.include({ message: 'Add', reason: 'stuck', attempts: 2 });
      expect(parked?.parked?.at).to.be.closeTo(Date.now(), 60_000);
      const [failed] = (await seen.list({ state: 'failed' })).items;
      expect(failed).to.include({ failed: 1, waiting: 0 });
    });

    it('is opened with its messages, those first that come next', async () => {
      const later = Date.now() + 3_600_000;
      await fail(cart, 'f');
      await send(cart, 'd', later);
      await send(cart, 'w1');
      await send(cart, 'w2');
      const { messages, ...mailbox } = await seen.get('cart', cart.key);
      expect(mailbox).to.include({ waiting: 2, active: 0, delayed: 1, failed: 1 });
      expect(messages.map(({ jobId, state }) => [jobId, state])).to.deep.equal([
        ['w1', 'waiting'],
        ['w2', 'waiting'],
        ['d', 'delayed'],
        ['f', 'failed'],
      ]);
      const [first, , delayed, failed] = messages;
      expect(first).to.deep.include({
        message: 'Add',
        messageId: 'm-w1',
        requestId: 'r-1',
        traceparent: 't-1',
      });
      expect(first?.input).to.deep.equal({ json: '{"jobId":"w1"}', bytes: 14, isCut: false });
      expect(first?.sentAt).to.be.closeTo(Date.now(), 60_000);
      expect(delayed?.at).to.equal(later);
      expect(failed).to.include({ reason: 'broken', attempts: 3 });
      const some = await seen.get('cart', cart.key, { state: 'waiting', limit: 1 });
      expect(some.messages.map(({ jobId }) => jobId)).to.deep.equal(['w1']);
    });

    it('shows the beginning of a large message, and more of it when it is opened', async () => {
      await send(cart, 'a', undefined, { text: 'ä'.repeat(10_000) });
      const [listed] = (await seen.get('cart', cart.key)).messages;
      expect(listed?.input.isCut).to.equal(true);
      expect(listed?.input.bytes).to.be.greaterThan(20_000);
      expect(Buffer.byteLength(listed?.input.json ?? '')).to.be.within(2_000, 2_100);
      const opened = await seen.message('cart', cart.key, 'a');
      expect(opened?.input.isCut).to.equal(false);
      expect(JSON.parse(opened?.input.json ?? '')).to.deep.equal({ text: 'ä'.repeat(10_000) });
      expect(opened).to.include({ messageId: 'm-a', requestId: 'r-1', state: 'waiting' });
      await send(cart, 'b', undefined, { text: 'x'.repeat(100_000) });
      const larger = await seen.message('cart', cart.key, 'b');
      expect(larger?.input).to.include({ isCut: true });
      expect(larger).to.include({ messageId: 'm-b', requestId: 'r-1' });
    });

    it('says when it has not looked at all', async () => {
      const search = { idPrefix: '', state: undefined, order: 'deepest' as const, maxLookedAt: 2 };
      const alike: ActorAddress[] = [];
      for (let i = 0; alike.length < 3; i++) {
        const address = of('cart', `k${i}`);
        if (address.shard === cart.shard) alike.push(address);
      }
      for (const address of alike.slice(1)) await send(address, 'a');
      expect((await under.view.find(cart.shard, search, undefined, 10)).isPartial).to.equal(false);
      await send(alike[0]!, 'a');
      const part = await under.view.find(cart.shard, search, undefined, 10);
      expect(part.isPartial).to.equal(true);
      expect(part.found).to.have.length(2);
    });

    for (const [what, ask] of [
      ['a page of none', () => seen.list({ limit: 0 })],
      ['the beginning of a key without a type', () => seen.list({ key: '7' })],
      ['the beginning of a key that is no text', () => seen.list({ type: 'cart', key: '\ud800' })],
      ['a cursor that no page gave', () => seen.list({ cursor: 'x' })],
      ['messages without end', () => seen.get('cart', 'a', { limit: 1_000 })],
    ] as const) {
      it(`refuses ${what}`, async () => {
        expect(await Promise.resolve(ask()).catch(codeOf)).to.equal('invalid_request');
      });
    }
  });
}
