import { expect } from 'chai';
import { z } from 'zod';
import { systemClock } from '../define/clock.ts';
import { defineContract } from '../define/contract.ts';
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
  it('leave nothing of those that are over, without a collection of the whole heap', async () => {
    const inbox = { name: 'here', onReply: () => undefined, close: () => Promise.resolve() };
    const client = new ClusterClient({
      ...{ inbox, clock: systemClock, logger: silentLogger, newId: () => 'me', shards: 1, leaseMs: 3_000 },
      mailbox: {} as Mailbox,
      registry: { holder: () => Promise.resolve(undefined) },
    });
    const waiting: NearAsk[] = [];
    client.attach({
      take: (_, ask) => {
        const near = ask();
        near.admit();
        waiting.push(near);
        return true;
      },
    });
    const held = await heldBytes((load) => {
      const asked = client.ref(Box, 'a').look({});
      return () => {
        const { id } = JSON.parse(waiting.shift()?.data ?? '') as { id: string };
        client.hear('here', { id: `box~a/${id}`, answer: { ok: load } });
        return asked;
      };
    });
    client.close();
    // Of 20 MB.
    expect(held).to.be.below(7_000_000);
  });
});
