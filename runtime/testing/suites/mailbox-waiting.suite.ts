import { expect } from 'chai';
import { addressOf, type ActorAddress } from '../../mailbox/address.ts';
import { FencedError, ParkedError, type Envelope, type ShardLease } from '../../mailbox/mailbox.ts';
import type { MailboxUnderTest } from './mailbox.suite.ts';

/** What every mailbox adapter keeps of what is not for now: wake-up times, delayed messages, parked actors, suspects. */
export function describeWaiting(name: string, open: () => Promise<MailboxUnderTest>): void {
  describe(`mailbox, for later: ${name}`, () => {
    const actor = addressOf('cart', '7', 8);
    const idle = { max: 16, wakeAt: Infinity };
    const message = (id: string, replyTo?: string): Envelope => ({
      ...{ v: 1, id, name: 'Add', input: { id } },
      ...(replyTo && { replyTo }),
    });
    let under: MailboxUnderTest;
    let lease: ShardLease;

    beforeEach(async () => {
      under = await open();
      lease = await under.grant(actor.shard);
    });
    afterEach(() => under.close());

    const now = () => Date.now();
    const send = async (...ids: string[]) => {
      for (const id of ids) await under.mailbox.send(actor, id, message(id));
    };
    const take = async (max = 16) => {
      const taken = await under.mailbox.claim(actor, lease, { max, wakeAt: Infinity });
      return taken.map(({ jobId }) => jobId);
    };
    const taking = () => take().catch((error: unknown) => error);
    const finish = async (...jobIds: string[]) => {
      const done = jobIds.map((jobId) => ({ jobId }));
      return (await under.mailbox.ack(actor, lease, done, idle)).map(({ jobId }) => jobId);
    };
    const live = async () => (await under.mailbox.ready(actor.shard)).map(({ id }) => id);

    describe('an actor with something to do by itself', () => {
      it('stays live while that is due, until it is not', async () => {
        await send('a');
        await take();
        await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], { max: 16, wakeAt: now() });
        expect(await live()).to.deep.equal([actor.id]);
        await finish();
        expect(await live()).to.deep.equal([]);
        expect(await under.residents()).to.deep.equal([]);
      });

      it('is live again from the time it named', async () => {
        await send('a');
        await take();
        await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], { max: 16, wakeAt: now() + 60_000 });
        expect(await live()).to.deep.equal([]);
        under.elapse(60_000);
        expect(await live()).to.deep.equal([actor.id]);
      });

      it('is live at once when a message comes before', async () => {
        await under.mailbox.claim(actor, lease, { max: 16, wakeAt: now() + 60_000 });
        await send('a');
        expect(await live()).to.deep.equal([actor.id]);
      });
    });

    describe('a time that is named where no message ends', () => {
      const others = () => ['8', '9', '10'].map((key) => ({ ...actor, key, id: `cart~${key}` }));
      const name = (of: ActorAddress, by: ShardLease, wakeAt: number) =>
        under.mailbox.ack(of, by, [], { max: 0, wakeAt });

      it('counts for each actor that names one at that moment', async () => {
        const [one, other, third] = others() as [ActorAddress, ActorAddress, ActorAddress];
        await Promise.all([
          name(one, lease, now()),
          name(other, lease, now() + 60_000),
          name(third, lease, now()),
          name(third, lease, Infinity),
        ]);
        expect(await live()).to.deep.equal([one.id]);
        under.elapse(60_000);
        expect((await live()).sort()).to.deep.equal([one.id, other.id].sort());
        await Promise.all([name(one, lease, Infinity), name(other, lease, Infinity)]);
        expect(await live()).to.deep.equal([]);
        expect(await under.residents()).to.deep.equal([]);
      });

      it('does not hide a message', async () => {
        await send('a');
        await name(actor, lease, Infinity);
        expect(await live()).to.deep.equal([actor.id]);
        await take();
        await name(actor, lease, now() + 60_000);
        expect(await live()).to.deep.equal([actor.id]);
        await finish('a');
        expect(await live()).to.deep.equal([]);
      });

      it('is none of an owner that has lost its lease, whoever names one beside it', async () => {
        const [one, other] = others() as [ActorAddress, ActorAddress];
        const next = await under.grant(actor.shard);
        const [late, held] = await Promise.allSettled([name(one, lease, now()), name(other, next, now())]);
        expect(late).to.have.property('status', 'rejected');
        expect((late as PromiseRejectedResult).reason).to.be.instanceOf(FencedError);
        expect(held).to.have.property('status', 'fulfilled');
        expect(await live()).to.deep.equal([other.id]);
      });
    });

    describe('the load of a shard', () => {
      it('counts what waits and what is in hand, of actors that have something of that', async () => {
        const load = () => under.admin.load(actor.shard, 10);
        expect(await load()).to.deep.equal({ actors: 0, messages: 0, deepest: 0, parked: 0 });
        await send('a', 'b', 'c');
        await take(1);
        let other = addressOf('cart', '8', 8);
        for (let key = 9; other.shard !== actor.shard; key++) other = addressOf('cart', String(key), 8);
        await under.mailbox.send(other, 'x', message('x'));
        expect(await load()).to.deep.equal({ actors: 2, messages: 4, deepest: 3, parked: 0 });
        expect(await under.admin.load(actor.shard, 1)).to.include({ actors: 1 });
        expect(await under.admin.load((actor.shard + 1) % 8, 10)).to.include({ actors: 0 });
        await finish('a');
        await finish('b', 'c');
        expect(await load()).to.deep.equal({ actors: 1, messages: 1, deepest: 1, parked: 0 });
      });
    });

    describe('a delayed message', () => {
      const sendLater = (id: string, delayMs: number) =>
        under.mailbox.send(actor, id, message(id), now() + delayMs);

      it('is not taken before its time, and the actor is not live', async () => {
        await sendLater('later', 60_000);
        expect(await live()).to.deep.equal([]);
        expect(await take()).to.deep.equal([]);
        under.elapse(61_000);
        expect(await live()).to.deep.equal([actor.id]);
        expect(await take()).to.deep.equal(['later']);
        await finish('later');
        expect(await under.residents()).to.deep.equal([]);
      });

      it('takes its place behind what waits when its time has come, in the order of those times', async () => {
        await sendLater('third', 30_000);
        await sendLater('second', 20_000);
        await send('first');
        expect(await take(1)).to.deep.equal(['first']);
        under.elapse(40_000);
        expect(await finish('first')).to.deep.equal(['second', 'third']);
      });

      it('lets other messages pass meanwhile, each of them and its end', async () => {
        await sendLater('later', 60_000);
        await send('a', 'b');
        expect(await take(1)).to.deep.equal(['a']);
        expect(await finish('a')).to.deep.equal(['b']);
        expect(await finish('b')).to.deep.equal([]);
        expect(await live()).to.deep.equal([]);
        under.elapse(61_000);
        expect(await live()).to.deep.equal([actor.id]);
      });

      it('keeps the order sent among those of one time', async () => {
        const at = now() + 1_000;
        for (const id of ['a', 'b', 'c']) await under.mailbox.send(actor, id, message(id), at);
        under.elapse(2_000);
        expect(await take()).to.deep.equal(['a', 'b', 'c']);
      });

      it('is not added twice, and counts towards the limit', async () => {
        for (const id of ['a', 'b', 'c', 'd', 'e', 'a']) await sendLater(id, 60_000);
        const refused = await sendLater('f', 60_000).catch((error: unknown) => error);
        expect(refused).to.have.property('code', 'mailbox_full');
        under.elapse(61_000);
        expect(await take()).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
      });
    });

    describe('a parked actor', () => {
      const park = async () => {
        await send('a', 'b');
        await take();
        await under.mailbox.park(actor, lease, { jobId: 'a', message: 'Add', reason: 'broken', attempts: 3 });
      };

      it('is listed with its reason, and takes nothing, whoever owns it', async () => {
        await park();
        const [parked, ...others] = await under.admin.parked(actor.shard, undefined, 10);
        expect(parked).to.deep.include({
          address: actor,
          jobId: 'a',
          message: 'Add',
          reason: 'broken',
          attempts: 3,
        });
        expect(others).to.deep.equal([]);
        for (const _ of [1, 2]) {
          expect(await taking()).to.be.instanceOf(ParkedError);
          lease = await under.grant(actor.shard);
        }
        expect(await live()).to.deep.equal([]);
      });

      it('need not fail at a message: with an empty mailbox it rests, whatever time it named, until it is released', async () => {
        const own = { max: 16, wakeAt: now() };
        await under.mailbox.claim(actor, lease, own);
        expect(await live()).to.deep.equal([actor.id]);
        await under.mailbox.park(actor, lease, { reason: 'no state', attempts: 0 });
        expect(await live()).to.deep.equal([]);
        expect(
          await under.mailbox.claim(actor, lease, own).catch((error: unknown) => error),
        ).to.be.instanceOf(ParkedError);
        expect(await live()).to.deep.equal([]);
        const [parked, ...others] = await under.admin.parked(actor.shard, undefined, 10);
        expect(parked).to.deep.include({ address: actor, reason: 'no state', attempts: 0 });
        expect(parked).to.not.have.any.keys('jobId', 'message');
        expect(others).to.deep.equal([]);
        expect(await under.admin.release(actor, 'retry')).to.equal(true);
        expect(await live()).to.deep.equal([actor.id]);
        expect(await take()).to.deep.equal([]);
        expect(await under.residents()).to.deep.equal([]);
      });

      it('gives up no message when it failed at none', async () => {
        await send('a');
        await take();
        await under.mailbox.park(actor, lease, { reason: 'no state', attempts: 0 });
        expect(await taking()).to.be.instanceOf(ParkedError);
        expect(await under.admin.release(actor, 'give-up')).to.equal(true);
        expect(await take()).to.deep.equal(['a']);
        expect(await finish('a')).to.deep.equal([]);
        expect(await under.residents()).to.deep.equal([]);
      });

      it('keeps what it is told, and refuses what it is asked', async () => {
        await park();
        await send('c');
        const asked = under.mailbox.send(actor, 'd', message('d', 'inbox'));
        expect(await asked.catch((error: unknown) => error)).to.have.property('code', 'unavailable');
        expect(await under.admin.release(actor, 'retry')).to.equal(true);
        expect(await take()).to.deep.equal(['a', 'b', 'c']);
      });

      it('goes on with the message that it failed at, or behind it', async () => {
        await park();
        expect(await under.admin.release(actor, 'retry')).to.equal(true);
        expect(await live()).to.deep.equal([actor.id]);
        expect(await take()).to.deep.equal(['a', 'b']);
        await under.mailbox.park(actor, lease, { jobId: 'a', message: 'Add', reason: 'broken', attempts: 3 });
        expect(await under.admin.release(actor, 'give-up')).to.equal(true);
        expect(await take()).to.deep.equal(['b']);
        await finish('b');
        expect(await under.admin.parked(actor.shard, undefined, 10)).to.deep.equal([]);
        // The dead letter; sent again, it gets another chance.
        expect(await under.residents()).to.not.deep.equal([]);
        await send('a');
        expect(await take()).to.deep.equal(['a']);
        await finish('a');
        expect(await under.residents()).to.deep.equal([]);
      });

      it('can be released once, and by nobody when it is not parked', async () => {
        expect(await under.admin.release(actor, 'retry')).to.equal(false);
        await park();
        await under.admin.release(actor, 'retry');
        expect(await under.admin.release(actor, 'retry')).to.equal(false);
      });

      it('cannot be made one by an owner that lost its lease', async () => {
        await send('a');
        await take();
        await under.grant(actor.shard);
        const parked = under.mailbox.park(actor, lease, {
          jobId: 'a',
          message: 'Add',
          reason: 'broken',
          attempts: 3,
        });
        expect(await parked.catch((error: unknown) => error)).to.be.instanceOf(FencedError);
        expect(await under.admin.parked(actor.shard, undefined, 10)).to.deep.equal([]);
      });
    });

    describe('a message in quarantine', () => {
      it('tells how often it was taken', async () => {
        await send('a');
        for (const starts of [2, 3]) {
          const [taken] = await under.mailbox.claim(actor, lease, idle);
          expect(taken).to.include({ jobId: 'a', starts });
        }
      });

      it('counts the starts from which nobody returned, through all owners', async () => {
        await send('a');
        await take();
        const started = () => under.mailbox.noteStart(actor, lease, 'a');
        expect([await started(), await started()]).to.deep.equal([1, 2]);
        lease = await under.grant(actor.shard);
        await take();
        expect(await started()).to.equal(3);
        await under.mailbox.noteReturn(actor, 'a');
        expect(await started()).to.equal(1);
        await finish('a');
        await under.mailbox.noteReturn(actor, 'a');
        expect(await under.residents()).to.deep.equal([]);
      });

      it('is not noted by an owner that lost its lease', async () => {
        await send('a');
        await take();
        await under.grant(actor.shard);
        const noted = under.mailbox.noteStart(actor, lease, 'a');
        expect(await noted.catch((error: unknown) => error)).to.be.instanceOf(FencedError);
      });
    });
  });
}
