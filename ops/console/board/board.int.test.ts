import { expect } from 'chai';
import Koa from 'koa';
import { z } from 'zod';
import { connect, defineContract, silentLogger, systemClock, type ActorCluster } from '@trolley/runtime';
import { openRedis } from '@trolley/runtime/adapters';
import { createTestRedis } from '@trolley/runtime/testing/suites';
import { openHttpServer, type HttpServer } from '../../../gateway/http-server.ts';
import { boardPath } from './board-path.ts';
import { createBoard, type Board } from './board.ts';

const Pile = defineContract({
  type: 'pile',
  key: z.string(),
  refusals: {},
  messages: { Add: { input: z.object({ text: z.string() }) } },
});

interface Queues {
  readonly queues: readonly {
    readonly name: string;
    readonly readOnlyMode: boolean;
    readonly counts: { readonly waiting: number };
  }[];
}

describe('the board of mailboxes', function () {
  this.timeout(60_000);
  const live = 5_000;
  let cluster: ActorCluster;
  let redis: Awaited<ReturnType<typeof openRedis>>;
  let board: Board;
  let server: HttpServer;
  let opened = 0;

  before(async () => {
    const { url } = await createTestRedis();
    const options = { clock: systemClock, logger: silentLogger };
    redis = await openRedis(url, options);
    // Without a node, what is told waits.
    cluster = await connect({ redis, logger: silentLogger });
    const tell = (key: string) => cluster.ref(Pile, key).tell('Add', { text: 'x'.repeat(200) });
    const keys = Array.from({ length: live }, (_, i) => `k${i}`);
    for (let i = 0; i < keys.length; i += 500) await Promise.all(keys.slice(i, i + 500).map(tell));
    // The deepest are not those that wait longest.
    for (const key of keys.slice(-30)) await tell(key);
    for (let i = 0; i < 9; i++) await tell('deep/est');
    board = createBoard({ ...options, redis, mailboxes: cluster.mailboxes, shards: 64 });
    const app = new Koa().use(board.serve as Koa.Middleware);
    app.on('error', () => undefined);
    server = await openHttpServer({
      ...options,
      handle: app.callback(),
      host: '127.0.0.1',
      port: 0,
      newId: () => 'id',
      requestTimeoutMs: 30_000,
    });
    opened = await connections();
  });
  after(async () => {
    await server.close();
    board.close();
    await cluster.close();
    redis.disconnect();
  });

  const get = (path: string) =>
    fetch(`http://localhost:${server.port}${boardPath}${path}`, { redirect: 'manual' });
  const connections = async () =>
    Number(/^connected_clients:(\d+)/m.exec(String(await redis.call('INFO', 'clients')))?.[1]);

  it('has a poll of forty, the deepest and those that wait longest, with 5,000 that hold something', async () => {
    const answer = await get('/api/queues?activeQueue=&status=latest&page=1&jobsPerPage=10');
    const text = await answer.text();
    expect(answer.status, text.slice(0, 200)).to.equal(200);
    const { queues } = JSON.parse(text) as Queues;
    expect(queues).to.have.length(40);
    expect(queues.find(({ name }) => name === 'pile deep/est')?.counts.waiting).to.equal(9);
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).to.equal(true);
    expect(text.length).to.be.below(100_000);
  });

  it('opens no connection, and leaves no key, for any of them', async () => {
    const keys = await redis.call('DBSIZE');
    await get(`/?type=pile&key=nobody`);
    const { queues } = (await (await get('/api/queues')).json()) as Queues;
    expect(queues.map(({ name }) => name)).to.include('pile nobody');
    expect(await connections()).to.be.at.most(opened);
    expect(await redis.call('DBSIZE')).to.equal(keys);
  });

  it('leads to any mailbox by type and key, with its messages', async () => {
    const found = await get('/?type=pile&key=deep%2Fest');
    expect(found.headers.get('location')).to.equal(`${boardPath}/queue/pile%20deep%2Fest`);
    const name = encodeURIComponent('pile deep/est');
    const answer = await get(`/api/queues?activeQueue=${name}&status=waiting&page=1&jobsPerPage=5`);
    const { queues } = (await answer.json()) as { queues: { name: string; jobs: { name: string }[] }[] };
    const jobs = queues.find((queue) => queue.name === 'pile deep/est')?.jobs;
    expect(jobs).to.have.length(5);
  });

  it('asks no foreign host, and lets no script in from one', async () => {
    const page = await get('/');
    const text = await page.text();
    expect(page.status).to.equal(200);
    expect(text)
      .to.include('id="root"')
      .and.not.match(/https?:\/\//);
    expect(page.headers.get('content-security-policy')).to.match(
      /^default-src 'self'; style-src 'self' 'unsafe-inline';/,
    );
    for (const [, path] of text.matchAll(/(?:src|href)="(static\/[^"]+)"/g))
      expect([path, (await get(`/${path ?? ''}`)).status]).to.deep.equal([path, 200]);
  });

  it('changes nothing', async () => {
    const name = encodeURIComponent('pile deep/est');
    for (const [method, path] of [
      ['PUT', `/api/queues/${name}/empty`],
      ['PUT', `/api/queues/${name}/pause`],
      ['PUT', `/api/queues/${name}/obliterate`],
      ['POST', `/api/queues/${name}/add`],
    ] as const) {
      const answer = await fetch(`http://localhost:${server.port}${boardPath}${path}`, { method });
      expect([path, answer.ok]).to.deep.equal([path, false]);
    }
    expect((await cluster.mailboxes.get('pile', 'deep/est')).waiting).to.equal(9);
  });
});
