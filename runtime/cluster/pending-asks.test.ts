import { expect } from 'chai';
import { z } from 'zod';
import { systemClock } from '../define/clock.ts';
import { defineContract } from '../define/contract.ts';
import { codeOf } from '../define/errors.ts';
import type { NearAsk } from '../mailbox/near-ask.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { silentLogger } from '../observe/logger.ts';
import { heldBytes } from '../testing/held-bytes.ts';
import { ClusterClient } from './client.ts';

const Box = defineContract({
  type: 'box',
  key: z.string(),
  messages: { Look: { input: z.object({}), output: z.array(z.number()) } },
});

describe('the asks of a process', () => {
  let client: ClusterClient;
  let taken: NearAsk[];

  beforeEach(() => {
    const inbox = { name: 'here', onReply: () => undefined, close: () => Promise.resolve() };
    client = new ClusterClient({
      ...{ inbox, clock: systemClock, logger: silentLogger, newId: () => 'me', shards: 1, leaseMs: 3_000 },
      ...{ mailbox: {} as Mailbox, registry: { holder: () => Promise.resolve(undefined) } },
      maxPendingAsks: 100,
    });
    taken = [];
    client.attach({
      take: (_, ask) => {
        const near = ask();
        near.admit();
        taken.push(near);
        return true;
      },
    });
  });
  afterEach(() => client.close());

  const look = (messageId?: string) => client.ref(Box, 'a').look({}, { messageId });
  /** Answers what was asked first. */
  const answer = (load: unknown) => {
    client.hear('here', { id: `box~a/${taken.shift()?.envelope.id}`, answer: { ok: load } });
  };

  for (const [whose, messageId] of Object.entries({ 'messages of their own': undefined, 'one message': 'm' }))
    it(`are so many at most: ${whose}`, async () => {
      const asked = Array.from({ length: 100 }, () => look(messageId));
      expect(client.pendingAsks).to.equal(100);
      expect(await look(messageId).catch(codeOf)).to.equal('unavailable');
      while (taken.length > 0) answer([1]);
      expect(await Promise.all(asked)).to.deep.equal(asked.map(() => [1]));
      expect(client.pendingAsks).to.equal(0);
    });

  it('leave nothing of those that are over, without a collection of the whole heap', async () => {
    const held = await heldBytes((load) => {
      const asked = look();
      return () => {
        answer(load);
        return asked;
      };
    });
    // Of 20 MB.
    expect(held).to.be.below(7_000_000);
  });
});
