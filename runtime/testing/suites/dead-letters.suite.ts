import { expect } from 'chai';
import { deadLetters, type DeadLetters } from '../../inspect/dead-letters.ts';
import { parkedActors } from '../../inspect/parked-actors.ts';
import { codeOf } from '../../define/errors.ts';
import { addressOf, type ActorAddress } from '../../mailbox/address.ts';
import type { Ack, Delivery } from '../../mailbox/mailbox.ts';
import { createLogger } from '../../observe/logger.ts';
import type { MailboxUnderTest } from './mailbox.suite.ts';

/** What every mailbox adapter lets operators do with what failed for good. */
export function describeDeadLetters(name: string, open: () => Promise<MailboxUnderTest>): void {
  describe(`dead letters: ${name}`, () => {
    const shards = 8;
    const cart = addressOf('cart', 'user:1/ä', shards);
    const order = addressOf('order', '7', shards);
    const all = { max: 16, wakeAt: Infinity };
    let under: MailboxUnderTest;
    let letters: DeadLetters;
    let logged: string[];

    beforeEach(async () => {
      under = await open();
      logged = [];
      const logger = createLogger('info', { write: (line) => void logged.push(line) });
      names.clear();
      failures.clear();
      letters = deadLetters({ admin: under.admin, shards, logger });
    });
    afterEach(() => under.close());

    const postMortem = {
      causes: ['Error: broken', 'unavailable: "nobody" there'],
      state: { json: '{"total":"ä', bytes: 20, isCut: true },
    };
    const failure = { failedReason: 'broken', attempts: 3, ...postMortem };

    const send = (to: ActorAddress, jobId: string, name = 'Add') =>
      under.mailbox.send(to, jobId, {
        ...{ v: 1, id: `m-${jobId}`, name, input: { jobId } },
        ...{ replyTo: 'inbox', deadline: 1, requestId: 'r-1' },
      });
    const claim = async (of: ActorAddress): Promise<Delivery[]> =>
      under.mailbox.claim(of, await under.grant(of.shard), all);

    /** Other messages than `Add`, and other failures, by job. */
    const names = new Map<string, string>();
    const failures = new Map<string, Omit<Ack, 'jobId'>>();

    /** Each a second after the one before. */
    async function fail(of: ActorAddress, ...jobIds: string[]): Promise<void> {
      for (const jobId of jobIds) {
        await send(of, jobId, names.get(jobId));
        const lease = await under.grant(of.shard);
        await under.mailbox.claim(of, lease, all);
        await under.mailbox.ack(of, lease, [{ jobId, ...(failures.get(jobId) ?? failure) }], all);
        under.elapse(1_000);
      }
    }
    const idsOf = (page: { items: readonly { id: string }[] }) =>
      page.items.map(({ id }) => id.replace(/.*:/, ''));

    it('are listed with message, reason, age and attempts, the oldest first, of whatever actor', async () => {
      await fail(cart, 'a');
      await fail(order, 'b');
      await fail(cart, 'c');
      const page = await letters.list();
      expect(idsOf(page)).to.deep.equal(['a', 'b', 'c']);
      expect(page).to.not.have.property('cursor');
      const [first] = page.items;
      expect(first).to.include({ type: 'cart', key: 'user:1/ä', message: 'Add' });
      expect(first).to.include({ reason: 'broken', attempts: 3 });
      expect(first?.at).to.be.closeTo(Date.now(), 60_000);
      expect(first?.sentAt).to.be.at.most(first?.at ?? 0);
    });

    it('are listed of one type, and of one actor', async () => {
      await fail(cart, 'a');
      await fail(order, 'b');
      expect(idsOf(await letters.list({ type: 'order' }))).to.deep.equal(['b']);
      expect(idsOf(await letters.list({ type: 'cart', key: cart.key }))).to.deep.equal(['a']);
      expect(await letters.list({ type: 'cart', key: 'other' })).to.deep.equal({ items: [] });
    });

    it('come in pages, none of them twice, whatever becomes of those that were seen', async () => {
      await fail(cart, 'a', 'b', 'c');
      await fail(order, 'd', 'e');
      for (const query of [{}, { type: 'cart' }, { type: 'cart', key: cart.key }]) {
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await letters.list({ ...query, limit: 2, cursor });
          expect(page.items.length).to.be.at.most(2);
          seen.push(...idsOf(page));
          cursor = page.cursor;
        } while (cursor !== undefined);
        expect(seen).to.deep.equal(query.type ? ['a', 'b', 'c'] : ['a', 'b', 'c', 'd', 'e']);
      }
      const { items, cursor } = await letters.list({ limit: 2 });
      for (const { id } of items) await letters.discard(id);
      expect(idsOf(await letters.list({ cursor }))).to.deep.equal(['c', 'd', 'e']);
    });

    it('are told apart in pages when they failed at one time', async () => {
      const lease = await under.grant(cart.shard);
      for (const jobId of ['c', 'a', 'b']) await send(cart, jobId);
      await under.mailbox.claim(cart, lease, all);
      const done = ['a', 'b', 'c'].map((jobId) => ({ jobId, failedReason: 'broken' }));
      await under.mailbox.ack(cart, lease, done, all);
      const first = await letters.list({ limit: 2 });
      const second = await letters.list({ limit: 2, cursor: first.cursor });
      expect([...idsOf(first), ...idsOf(second)]).to.deep.equal(['a', 'b', 'c']);
    });

    it('can be opened, with all that the message said', async () => {
      await fail(cart, 'a');
      const [letter] = (await letters.list()).items;
      expect(await letters.get(letter?.id ?? '')).to.deep.equal({
        ...letter,
        messageId: 'm-a',
        input: { jobId: 'a' },
        requestId: 'r-1',
        ...postMortem,
      });
    });

    it('can be opened also where nothing is known of why', async () => {
      await send(cart, 'a');
      const lease = await under.grant(cart.shard);
      await under.mailbox.claim(cart, lease, all);
      await under.mailbox.ack(cart, lease, [{ jobId: 'a', failedReason: 'unknown' }], all);
      const [letter] = (await letters.list()).items;
      const opened = await letters.get(letter?.id ?? '');
      expect(opened).to.deep.include({ reason: 'unknown', attempts: 0, causes: [] });
      expect(opened).to.not.have.property('state');
    });

    it('are found by their message, by what their reason has in it, and by when they failed', async () => {
      await fail(cart, 'a');
      failures.set('b', { ...failure, failedReason: 'Time ran OUT' });
      await fail(order, 'b');
      names.set('c', 'Remove');
      await fail(cart, 'c');
      expect(idsOf(await letters.list({ message: 'Remove' }))).to.deep.equal(['c']);
      expect(idsOf(await letters.list({ reason: 'ran out' }))).to.deep.equal(['b']);
      const [a, b, c] = (await letters.list()).items;
      expect(idsOf(await letters.list({ newerThan: b?.at }))).to.deep.equal(['b', 'c']);
      expect(idsOf(await letters.list({ olderThan: c?.at }))).to.deep.equal(['a', 'b']);
      expect(idsOf(await letters.list({ newerThan: (a?.at ?? 0) + 1, olderThan: c?.at }))).to.deep.equal([
        'b',
      ]);
      expect(idsOf(await letters.list({ reason: 'broken', type: 'cart', limit: 1 }))).to.deep.equal(['a']);
    });

    it('are found behind more that are not meant than a page has', async () => {
      const others = Array.from({ length: 12 }, (_, i) => `o${i}`);
      await fail(cart, ...others);
      names.set('x', 'Remove');
      await fail(cart, 'x');
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await letters.list({ message: 'Remove', limit: 2, cursor });
        found.push(...idsOf(page));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(found).to.deep.equal(['x']);
    });

    it('are sent again by filter, once it was seen which they would be', async () => {
      await fail(cart, 'a');
      names.set('b', 'Remove');
      await fail(cart, 'b');
      await fail(cart, 'c');
      const preview = await letters.replayAll({ message: 'Add' }, { dryRun: true });
      expect({ ids: idsOf(preview), done: preview.done }).to.deep.equal({ ids: ['a', 'c'], done: 0 });
      expect(idsOf(await letters.list())).to.deep.equal(['a', 'b', 'c']);
      const first = await letters.replayAll({ message: 'Add', limit: 1 });
      expect({ ids: idsOf(first), done: first.done }).to.deep.equal({ ids: ['a'], done: 1 });
      const second = await letters.replayAll({ message: 'Add', limit: 1, cursor: first.cursor });
      expect({ ids: idsOf(second), done: second.done }).to.deep.equal({ ids: ['c'], done: 1 });
      expect(idsOf(await letters.list())).to.deep.equal(['b']);
      expect((await claim(cart)).map(({ jobId }) => jobId)).to.deep.equal(['a', 'c']);
    });

    it('are told of one by one where they cannot be sent again, and stay', async () => {
      await fail(cart, 'a', 'b');
      await fail(order, 'c');
      for (const jobId of ['d', 'e', 'f', 'g', 'h', 'i']) await send(cart, jobId);
      const { done, failed } = await letters.replayAll();
      expect(done).to.equal(1);
      expect(failed.map(({ item, error }) => [item.id.replace(/.*:/, ''), error.code])).to.deep.equal([
        ['a', 'mailbox_full'],
        ['b', 'mailbox_full'],
      ]);
      expect(idsOf(await letters.list())).to.deep.equal(['a', 'b']);
    });

    it('are discarded by filter, each with the reason in the log', async () => {
      await fail(cart, 'a');
      await fail(order, 'b');
      expect((await letters.discardAll({ type: 'cart' }, { dryRun: true })).done).to.equal(0);
      expect((await letters.discardAll({ type: 'cart' }, { reason: 'a test' })).done).to.equal(1);
      expect(idsOf(await letters.list())).to.deep.equal(['b']);
      expect(logged.map((line) => JSON.parse(line) as object)).to.have.length(1);
      expect(JSON.parse(logged[0] ?? '')).to.include({ actor: cart.id, jobId: 'a', reason: 'a test' });
    });

    it('are sent again under their ids, once, behind what waits, and answer nobody', async () => {
      await fail(cart, 'a');
      await send(cart, 'b');
      const [letter] = (await letters.list()).items;
      const id = letter?.id ?? '';
      expect(await letters.replay(id)).to.equal(true);
      expect(await letters.replay(id)).to.equal(false);
      expect(await letters.list()).to.deep.equal({ items: [] });
      const [, again] = await claim(cart);
      const envelope = { v: 1, id: 'm-a', name: 'Add', input: { jobId: 'a' }, requestId: 'r-1' };
      expect(again).to.deep.equal({ jobId: 'a', envelope, starts: 1 });
    });

    it('wake their actor when they are sent again, and may fail again', async () => {
      await fail(cart, 'a');
      const [letter] = (await letters.list()).items;
      await letters.replay(letter?.id ?? '');
      expect(await under.mailbox.ready(cart.shard)).to.deep.equal([cart]);
      const lease = await under.grant(cart.shard);
      await under.mailbox.claim(cart, lease, all);
      await under.mailbox.ack(cart, lease, [{ jobId: 'a', failedReason: 'worse', attempts: 1 }], all);
      const [again] = (await letters.list()).items;
      expect(again).to.include({ id: letter?.id, reason: 'worse', attempts: 1 });
    });

    it('stay when their mailbox is full, whoever sends them again', async () => {
      await fail(cart, 'a');
      // The first is in its owner's hands already.
      for (const jobId of ['b', 'c', 'd', 'e', 'f', 'g']) await send(cart, jobId);
      const [letter] = (await letters.list()).items;
      expect(await letters.replay(letter?.id ?? '').catch(codeOf)).to.equal('mailbox_full');
      expect(await send(cart, 'a').catch(codeOf)).to.equal('mailbox_full');
      expect(idsOf(await letters.list())).to.deep.equal(['a']);
    });

    it('are no longer listed when their sender sends them again', async () => {
      await fail(cart, 'a');
      await send(cart, 'a');
      expect(await letters.list()).to.deep.equal({ items: [] });
    });

    it('can be discarded, and leave nothing behind', async () => {
      await fail(cart, 'a');
      const [letter] = (await letters.list()).items;
      const id = letter?.id ?? '';
      expect(await letters.discard(id)).to.equal(true);
      expect(await letters.discard(id)).to.equal(false);
      expect(await letters.get(id)).to.equal(undefined);
      expect(await letters.list()).to.deep.equal({ items: [] });
      expect(await under.residents()).to.deep.equal([]);
    });

    it('are made of the message that a parked actor is released behind', async () => {
      const parked = parkedActors(under.admin, shards);
      for (const actor of [order, cart]) {
        const lease = await under.grant(actor.shard);
        await send(actor, 'a');
        await under.mailbox.claim(actor, lease, all);
        const why = { jobId: 'a', message: 'Add', reason: 'broken', attempts: 3, ...postMortem };
        await under.mailbox.park(actor, lease, why);
        under.elapse(1_000);
      }
      const first = await parked.list({ limit: 1 });
      expect(first.items[0]).to.include({ type: 'order', key: '7', message: 'Add', attempts: 3 });
      expect((await parked.list({ cursor: first.cursor })).items[0]).to.include({ type: 'cart' });
      expect((await parked.list({ type: 'cart' })).items).to.have.length(1);
      const loadOf = async (actor: ActorAddress) => (await under.admin.load(actor.shard, 10)).parked;
      expect(await parked.get(order, order.key)).to.deep.equal(first.items[0]);
      expect(await parked.get(order, 'another')).to.equal(undefined);
      expect(await loadOf(order)).to.equal(order.shard === cart.shard ? 2 : 1);
      for (const actor of [order, cart]) await parked.release(actor, actor.key, 'give-up');
      expect(await parked.list()).to.deep.equal({ items: [] });
      expect(await parked.get(order, order.key)).to.equal(undefined);
      expect(await loadOf(order)).to.equal(0);
      const { items } = await letters.list();
      expect(items.map(({ attempts, reason }) => ({ attempts, reason }))).to.deep.equal(
        Array.from({ length: 2 }, () => ({ attempts: 3, reason: 'broken' })),
      );
      for (const { id } of items) expect(await letters.get(id)).to.deep.include(postMortem);
    });

    for (const [what, ask] of [
      ['a page of none', () => letters.list({ limit: 0 })],
      ['a page without end', () => letters.list({ limit: 501 })],
      ['a cursor that no page gave', () => letters.list({ cursor: 'x' })],
      ['a key without a type', () => letters.list({ key: '7' })],
      ['an id that no letter has', () => letters.get('cart')],
      ['an id that cannot be read', () => letters.replay('cart~%:a')],
    ] as const) {
      it(`refuse ${what}`, async () => {
        expect(await Promise.resolve(ask()).catch(codeOf)).to.equal('invalid_request');
      });
    }
  });
}
