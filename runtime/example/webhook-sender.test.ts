import { expect } from 'chai';
import { codeOf } from '@trolley/runtime';
import { createTestCluster, MemoryStateStore, type TestCluster } from '@trolley/runtime/testing';
import { createWebhookSender, WebhookSender } from './webhook-sender.ts';

describe('a webhook sender', () => {
  let cluster: TestCluster;
  let posted: { body: string; at: number; id: string }[];
  let failures: number;
  beforeEach(() => {
    posted = [];
    failures = 0;
    const sender = createWebhookSender((_url, body, id) => {
      posted.push({ body, at: cluster.clock.now(), id });
      return failures-- > 0 ? Promise.reject(new Error('503')) : Promise.resolve();
    });
    cluster = createTestCluster({ actors: [{ actor: sender, store: new MemoryStateStore() }] });
  });
  afterEach(() => cluster.close());
  const sender = () => cluster.ref(WebhookSender, 'shop.example');
  const send = (body: string) => sender().send({ url: 'https://shop.example/hook', body });

  it('sends a burst in order and no faster than its rate', async () => {
    for (const body of ['a', 'b', 'c']) await send(body);
    await cluster.advance(10_000);
    expect(posted.map(({ body }) => body)).to.deep.equal(['a', 'b', 'c']);
    for (const [i, { at }] of posted.entries())
      if (i > 0) expect(at - posted[i - 1]!.at).to.be.at.least(1_000);
  });

  it('tries again what fails, before the next one and under the same id', async () => {
    failures = 2;
    for (const body of ['a', 'b']) await send(body);
    await cluster.advance(30_000);
    expect(posted.map(({ body }) => body)).to.deep.equal(['a', 'a', 'a', 'b']);
    expect(new Set(posted.map(({ id }) => id)).size).to.equal(2);
  });

  it('drops what never arrives, and goes on', async () => {
    failures = 5;
    for (const body of ['a', 'b']) await send(body);
    await cluster.advance(120_000);
    expect(await sender().report()).to.deep.equal({ sent: 1, dropped: 1 });
  });

  it('sends what waits although its node died', async () => {
    for (const body of ['a', 'b', 'c']) await send(body);
    cluster.crash();
    await cluster.advance(120_000);
    expect([...new Set(posted.map(({ body }) => body))]).to.deep.equal(['a', 'b', 'c']);
    expect(await sender().report()).to.deep.equal({ sent: 3, dropped: 0 });
  });

  it('refuses what is too much', async () => {
    for (let i = 0; i < 51; i++) await send(`${i}`).catch(() => undefined);
    expect(await send('more').then(() => 'queued', codeOf)).to.equal('queue_full');
  });
});
