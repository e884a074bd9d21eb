import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { statechartHandler } from './page-handler.ts';
import type { Counts, StatechartHost } from './page-host.ts';
import { readMachine } from './read-machine.ts';
import { expectWholePicture } from './testing/expect-picture.ts';
import { machines } from './testing/machines.ts';

const charts = machines.map((machine) => readMachine(machine));
const light = charts.find(({ id }) => id === 'light')!;

/** Counts that the test tells one by one, and whether anybody listens. */
class Told {
  readonly #waiting: ((counts: Counts) => void)[] = [];
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;
  constructor() {
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }
  tell(counts: Counts): void {
    this.#waiting.shift()?.(counts);
  }
  async *listen(signal: AbortSignal): AsyncIterable<Counts> {
    const aborted = once(signal, 'abort').then(() => undefined);
    yield { states: { 'light.green': 1 } };
    for (;;) {
      const next = new Promise<Counts>((resolve) => this.#waiting.push(resolve));
      const counts = await Promise.race([next, aborted]);
      if (counts === undefined) return this.#end();
      yield counts;
    }
  }
}

describe('the page of statecharts', () => {
  let server: Server;
  let told: Told;
  const errors: unknown[] = [];
  const host: StatechartHost = {
    charts: () => charts,
    counts: (_, signal) => told.listen(signal),
    runs: async (_, state) => (state === 'light.green' ? [{ id: 'run-1', since: 5 }] : []),
    async history(_, run) {
      if (run === 'broken') throw new Error('the store is gone');
      return run === 'run-1' ? [{ state: 'green' }] : undefined;
    },
  };
  before(async () => {
    told = new Told();
    const handler = statechartHandler(host, {
      path: '/charts',
      maxStreams: 1,
      onError: (error) => errors.push(error),
    });
    server = createServer((asked, answer) => void handler(asked, answer)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string, init?: RequestInit) =>
    fetch(`${origin()}/charts${path}`, { redirect: 'manual', ...init });
  const read = async (path: string) => (await get(path)).json();

  it('is there with its parts, which nobody else may give or frame, and needs nothing from elsewhere', async () => {
    const page = await get('/');
    expect(page.headers.get('content-security-policy')).to.include("default-src 'none'; script-src 'self'");
    const html = await page.text();
    const parts = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, part = '']) => part);
    expect(parts).to.include.members(['page.js', 'page.css', 'picture.css']);
    for (const part of parts.filter((each) => !each.startsWith('data:'))) {
      const answer = await get(`/${part}`);
      expect(answer.status, part).to.equal(200);
      expect(await answer.text(), part).not.to.match(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
      const again = await get(`/${part}`, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } });
      expect([again.status, await again.text()]).to.deep.equal([304, '']);
    }
    // The policy lets no script and no style run that stands in the page.
    expect(html).not.to.match(/<style|style="|\son\w+="|<script(?! type="module" src=)/);
    const moved = await get('');
    expect([moved.status, moved.headers.get('location')]).to.deep.equal([308, './charts/']);
  });

  it('tells machines, their pictures, runs and paths', async () => {
    expect(await read('/api/charts')).to.deep.include({ counts: true, runs: true, history: true });
    expect(await read('/api/chart?machine=light&version=3')).to.deep.equal(light);
    const picture = await get('/api/picture.svg?machine=light&version=3');
    expect(picture.headers.get('content-type')).to.equal('image/svg+xml; charset=utf-8');
    expectWholePicture(await picture.text(), light);
    expect(await read('/api/runs?machine=light&version=3&state=light.green')).to.deep.equal([
      { id: 'run-1', since: 5 },
    ]);
    expect(await read('/api/path?machine=light&version=3&run=run-1')).to.have.nested.property(
      'steps[0].active[1]',
      'light.green',
    );
  });

  it('knows only what is there, changes nothing, and keeps to itself why it could not tell', async () => {
    const missing = [
      '/other',
      '/page.html/..%2f..%2fpackage.json',
      '/../../package.json',
      '/api/other?machine=toggle',
    ];
    missing.push(
      '/api/chart?machine=light&version=2',
      '/api/chart?machine=light',
      '/api/runs?machine=toggle&state=x',
    );
    missing.push('/api/path?machine=light&version=3&run=none', '/api/counts?machine=none');
    for (const path of missing) expect((await get(path)).status, path).to.equal(404);
    for (const method of ['POST', 'PUT', 'DELETE']) expect((await get('/', { method })).status).to.equal(405);
    const broken = await get('/api/path?machine=light&version=3&run=broken');
    expect([broken.status, await broken.json()]).to.deep.equal([
      500,
      { error: 'The server could not tell.' },
    ]);
    expect(errors.splice(0).map(String)).to.deep.equal(['Error: the store is gone']);
    const odd = request(`${origin()}/`, { path: '//' }).end();
    const [answer] = (await once(odd, 'response')) as [IncomingMessage];
    expect(answer.resume().statusCode).to.equal(400);
  });

  it('is told counts as they change, to so many pages at once, until the page is closed', async () => {
    const closing = new AbortController();
    const answer = await get('/api/counts?machine=light&version=3', { signal: closing.signal });
    expect(answer.headers.get('content-type')).to.equal('text/event-stream');
    const events = answer.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    const until = async (word: string) => {
      let text = '';
      while (!text.includes(word)) text += (await events.next()).value ?? expect.fail(`ended before ${word}`);
    };
    await until('data: {"states":{"light.green":1}}\n\n');
    told.tell({ states: { 'light.red': 2 } });
    await until('data: {"states":{"light.red":2}}\n\n');
    const another = await get('/api/counts?machine=light&version=3');
    expect([another.status, another.headers.get('retry-after')]).to.deep.equal([503, '10']);
    closing.abort();
    await told.ended;
    expect(errors).to.deep.equal([]);
  });
});
