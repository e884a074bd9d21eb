import { expect } from 'chai';
import { addressOf } from '../../mailbox/address.ts';
import {
  FencedError,
  type InlinedMessage,
  type Envelope,
  type Mailbox,
  type ShardLease,
} from '../../mailbox/mailbox.ts';
import type { MailboxAdmin } from '../../mailbox/mailbox-admin.ts';
import type { MailboxView } from '../../mailbox/mailbox-view.ts';

export interface MailboxUnderTest {
  /** Lets the lease of the shard run out. */
  revoke(shard: number): Promise<void>;
  readonly mailbox: Mailbox;
  readonly admin: MailboxAdmin;
  readonly view: MailboxView;
  /** Gives the shard to a new holder and returns its lease. */
  grant(shard: number): Promise<ShardLease>;
  /** Names of what is stored for mailboxes, wake-ups and leases aside. */
  residents(): Promise<string[]>;
  /** Lets time pass, for the mailbox. */
  elapse(ms: number): void;
  close(): Promise<void>;
}

/** What every mailbox adapter keeps, with a mailbox that holds at most five messages for an actor. */
export function describeMailbox(name: string, open: () => Promise<MailboxUnderTest>): void {
  describe(`mailbox: ${name}`, () => {
    const actor = addressOf('cart', 'user:1/ä', 8);
    const idle = { max: 16, wakeAt: Infinity };
    const message = (id: string): Envelope => ({ v: 1, id, name: 'Add', input: { id } });
    let under: MailboxUnderTest;
    let lease: ShardLease;

    beforeEach(async () => {
      under = await open();
      lease = await under.grant(actor.shard);
    });
    afterEach(() => under.close());

    const send = async (...ids: string[]) => {
      for (const id of ids) await under.mailbox.send(actor, id, message(id));
    };
    const ids = (deliveries: readonly { jobId: string }[]) => deliveries.map(({ jobId }) => jobId);

    it('delivers in the order sent, each message whole', async () => {
      await send('a', 'b', 'c');
      const taken = await under.mailbox.claim(actor, lease, idle);
      expect(ids(taken)).to.deep.equal(['a', 'b', 'c']);
      expect(taken[1]?.envelope).to.deep.equal(message('b'));
    });

    it('takes at most as many as asked for, and the rest with finish', async () => {
      await send('a', 'b', 'c');
      expect(ids(await under.mailbox.claim(actor, lease, { max: 2, wakeAt: Infinity }))).to.deep.equal([
        'a',
        'b',
      ]);
      const rest = await under.mailbox.ack(actor, lease, [{ jobId: 'a' }, { jobId: 'b' }], idle);
      expect(ids(rest)).to.deep.equal(['c']);
    });

    it('takes a message that is sent again as soon as its end is on its way', async () => {
      await send('a');
      await under.mailbox.claim(actor, lease, idle);
      const ended = under.mailbox.ack(actor, lease, [{ jobId: 'a' }], { max: 0, wakeAt: Infinity });
      await Promise.all([ended, send('a')]);
      expect(ids(await under.mailbox.claim(actor, lease, idle))).to.deep.equal(['a']);
    });

    it('refuses a message of more than a megabyte, whatever it is written in', async () => {
      for (const text of ['x'.repeat(1_048_577), 'ä'.repeat(600_000), '€'.repeat(400_000)]) {
        const large = { ...message('large'), input: { text } };
        const refused = await under.mailbox.send(actor, 'large', large).catch((error: unknown) => error);
        expect(refused).to.have.property('code', 'payload_too_large');
      }
      await under.mailbox.send(actor, 'fits', { ...message('fits'), input: { text: '€'.repeat(300_000) } });
      expect(ids(await under.mailbox.claim(actor, lease, idle))).to.deep.equal(['fits']);
    });

    it('does not add an id that already waits', async () => {
      await send('a', 'a');
      expect(ids(await under.mailbox.claim(actor, lease, idle))).to.deep.equal(['a']);
    });

    it('keeps the later deadline of a message that is sent again while it waits', async () => {
      for (const deadline of [1, 2]) {
        await under.mailbox.send(actor, 'a', { ...message('a'), deadline });
      }
      const [taken] = await under.mailbox.claim(actor, lease, idle);
      expect(taken?.envelope.deadline).to.equal(2);
    });

    it('refuses a message when the mailbox is full, and takes it once there is room', async () => {
      // The first is in its owner's hands already.
      await send('a', 'b', 'c', 'd', 'e', 'f');
      const refused = await send('g').catch((error: unknown) => error);
      expect(refused).to.have.property('code', 'mailbox_full');
      await under.mailbox.claim(actor, lease, idle);
      await send('g');
    });

    it('gives a new owner what the last one left, in order, ahead of what came later', async () => {
      await send('a', 'b', 'c');
      await under.mailbox.claim(actor, lease, { max: 2, wakeAt: Infinity });
      const next = await under.grant(actor.shard);
      await send('d');
      expect(ids(await under.mailbox.claim(actor, next, idle))).to.deep.equal(['a', 'b', 'c', 'd']);
    });

    it('fences an owner that lost its lease: it neither takes nor finishes', async () => {
      await send('a');
      await under.mailbox.claim(actor, lease, idle);
      const next = await under.grant(actor.shard);
      for (const tried of [
        under.mailbox.ack(actor, lease, [{ jobId: 'a' }], idle),
        under.mailbox.claim(actor, lease, idle),
      ]) {
        expect(await tried.catch((error: unknown) => error)).to.be.instanceOf(FencedError);
      }
      expect(ids(await under.mailbox.claim(actor, next, idle))).to.deep.equal(['a']);
    });

    it('tells the holder of the lease whether it is empty: nothing waits, is in hand, or comes later', async () => {
      const isEmpty = () => under.mailbox.isEmpty(actor, lease);
      expect(await isEmpty(), 'before the first message').to.equal(true);
      await send('a');
      expect(await isEmpty(), 'while it is on its way').to.equal(false);
      await under.mailbox.claim(actor, lease, idle);
      expect(await isEmpty(), 'in hand').to.equal(false);
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], idle);
      expect(await isEmpty(), 'once it has ended').to.equal(true);
      await under.mailbox.send(actor, 'later', message('later'), Date.now() + 3_600_000);
      expect(await isEmpty(), 'with one for later').to.equal(false);
      await under.grant(actor.shard);
      const refused = await isEmpty().catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(FencedError);
    });

    it('lists an actor as live from the first message until all is finished', async () => {
      expect(await under.mailbox.ready(actor.shard)).to.deep.equal([]);
      await send('a');
      expect(await under.mailbox.ready(actor.shard)).to.deep.equal([actor]);
      await under.mailbox.claim(actor, lease, idle);
      expect(await under.mailbox.ready(actor.shard)).to.deep.equal([actor]);
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], idle);
      expect(await under.mailbox.ready(actor.shard)).to.deep.equal([]);
    });

    it('leaves nothing behind of an actor that is idle', async () => {
      await send('a', 'b');
      await under.mailbox.claim(actor, lease, idle);
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }, { jobId: 'b' }], idle);
      expect(await under.residents()).to.deep.equal([]);
    });

    it('keeps a failed message as a dead letter', async () => {
      await send('a');
      await under.mailbox.claim(actor, lease, idle);
      await under.mailbox.ack(actor, lease, [{ jobId: 'a', failedReason: 'broken' }], idle);
      expect(await under.residents()).to.not.deep.equal([]);
      expect(await under.mailbox.ready(actor.shard)).to.deep.equal([]);
    });

    it('takes a dead letter up again when the same message is sent again', async () => {
      await send('a');
      await under.mailbox.claim(actor, lease, idle);
      await under.mailbox.ack(actor, lease, [{ jobId: 'a', failedReason: 'broken' }], idle);
      await send('a');
      expect(ids(await under.mailbox.claim(actor, lease, idle))).to.deep.equal(['a']);
      await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], idle);
      expect(await under.residents()).to.deep.equal([]);
    });

    describe('a message that its sender takes back', () => {
      const withdraw = (id: string) => under.mailbox.withdraw(actor, id);
      const takeAll = async () => ids(await under.mailbox.claim(actor, await under.grant(actor.shard), idle));

      it('stays while a node holds its shard', async () => {
        await send('a');
        expect(await withdraw('a')).to.equal('held');
        expect(ids(await under.mailbox.claim(actor, lease, idle))).to.deep.equal(['a']);
      });

      it('is out of the mailbox without anybody having had it, and those around it stay', async () => {
        await under.revoke(actor.shard);
        await send('a', 'b', 'c');
        expect(await withdraw('b')).to.equal('untouched');
        expect(await withdraw('b')).to.equal('gone');
        expect(await takeAll()).to.deep.equal(['a', 'c']);
      });

      it('may have been handled by a node that had it in hand, or was sent it in a wake-up', async () => {
        await send('a', 'b', 'c');
        await under.mailbox.claim(actor, lease, { max: 2, wakeAt: Infinity });
        await under.revoke(actor.shard);
        expect(await withdraw('b')).to.equal('taken');
        expect(await withdraw('a')).to.equal('taken');
        expect(await withdraw('c')).to.equal('untouched');
        await send('d');
        expect(await takeAll()).to.deep.equal(['d']);
      });

      it('may have been handled by a node that put it back', async () => {
        await send('a', 'b');
        await under.mailbox.claim(actor, lease, idle);
        await under.mailbox.claim(actor, await under.grant(actor.shard), { max: 1, wakeAt: Infinity });
        await under.revoke(actor.shard);
        expect(await withdraw('b')).to.equal('taken');
      });

      it('is gone when it was handled', async () => {
        await send('a');
        await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], idle);
        await under.revoke(actor.shard);
        expect(await withdraw('a')).to.equal('gone');
      });

      it('leaves nothing behind once somebody has looked', async () => {
        await under.revoke(actor.shard);
        await send('a');
        await withdraw('a');
        expect(await takeAll()).to.deep.equal([]);
        expect(await under.residents()).to.deep.equal([]);
      });
    });

    describe('a wake-up', () => {
      /** Sends the first of `ids` to an idle actor, then the others, and hears the wake-up. */
      async function sendAndHear(...ids: string[]): Promise<InlinedMessage | undefined> {
        let heard: (inlined: InlinedMessage | undefined) => void;
        const woken = new Promise<InlinedMessage | undefined>((resolve) => (heard = resolve));
        const watch = under.mailbox.watch((address, inlined) => {
          // Wake-ups of the last second are heard as well.
          if (address.id === actor.id && (inlined?.jobId ?? ids[0]) === ids[0]) heard(inlined);
        });
        watch.add(actor.shard);
        await send(...ids);
        try {
          return await woken;
        } finally {
          await watch.close();
        }
      }
      const accept = (inlined: InlinedMessage | undefined, by = lease) =>
        inlined && under.mailbox.accept(inlined, actor, by);

      it('carries a message to an idle actor, which its owner then ends as any other', async () => {
        const delivery = accept(await sendAndHear('a', 'b'));
        expect(delivery).to.deep.equal({ jobId: 'a', envelope: message('a'), starts: 1 });
        expect(ids(await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], idle))).to.deep.equal(['b']);
        await under.mailbox.ack(actor, lease, [{ jobId: 'b' }], idle);
        expect(await under.residents()).to.deep.equal([]);
      });

      it('is a hint to whoever holds another lease than the message was sent under', async () => {
        const inlined = await sendAndHear('a');
        const next = await under.grant(actor.shard);
        expect(accept(inlined, next)).to.equal(undefined);
        expect(ids(await under.mailbox.claim(actor, next, idle))).to.deep.equal(['a']);
      });

      it('is a hint once its message has been taken, so nothing is handled twice', async () => {
        const inlined = await sendAndHear('a');
        expect(ids(await under.mailbox.claim(actor, lease, idle))).to.deep.equal(['a']);
        expect(accept(inlined)).to.equal(undefined);
      });

      it('is a hint when it is heard a second time', async () => {
        const inlined = await sendAndHear('a');
        expect(accept(inlined)?.jobId).to.equal('a');
        await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], idle);
        expect(accept(inlined)).to.equal(undefined);
        expect(accept(await sendAndHear('b'))?.jobId).to.equal('b');
      });

      it('carries again after a taking', async () => {
        await send('a');
        await under.mailbox.claim(actor, lease, idle);
        await under.mailbox.ack(actor, lease, [{ jobId: 'a' }], idle);
        expect(accept(await sendAndHear('b'))?.jobId).to.equal('b');
      });

      it('keeps what follows waiting while its message is on the way', async () => {
        const inlined = await sendAndHear('a', 'b');
        expect(await under.mailbox.ack(actor, lease, [], idle)).to.deep.equal([]);
        expect(accept(inlined)?.jobId).to.equal('a');
      });

      it('may be lost: a taking finds its message, ahead of what follows', async () => {
        await sendAndHear('a', 'b');
        expect(ids(await under.mailbox.claim(actor, lease, idle))).to.deep.equal(['a', 'b']);
      });

      it('carries nothing to a shard that nobody holds', async () => {
        const unheld = addressOf('cart', 'elsewhere', 8);
        expect(unheld.shard).to.not.equal(actor.shard);
        const inlined: unknown[] = [];
        const watch = under.mailbox.watch((_, message) => inlined.push(message));
        watch.add(unheld.shard);
        await under.mailbox.send(unheld, 'a', message('a'));
        const owner = await under.grant(unheld.shard);
        expect(ids(await under.mailbox.claim(unheld, owner, idle))).to.deep.equal(['a']);
        await watch.close();
        expect(inlined.filter((one) => one !== undefined)).to.deep.equal([]);
      });
    });
  });
}
