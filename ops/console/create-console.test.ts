import { expect } from 'chai';
import { z } from 'zod';
import { ActorError } from '@trolley/runtime';
import { defineAction, defineMount, defineRead } from './api/route.ts';
import { basic, startConsole, type TestConsole } from './testing/test-console.ts';

/** What was done, behind the door. */
const done: string[] = [];
let fate: () => Promise<void> = async () => undefined;

const routes = [
  defineRead({
    path: '/api/thing',
    query: z.object({ q: z.string().max(3).optional() }),
    answer: async (q) => q,
  }),
  defineRead({
    path: '/api/broken',
    query: z.object({}),
    answer: async () => {
      throw new Error('a secret of the program');
    },
  }),
  defineMount({
    path: '/api/stream',
    handle: async ({ url }, response) => void response.end(`data: ${url ?? ''}`),
  }),
  defineAction({
    path: '/api/thing/mend',
    body: z.object({ id: z.string() }),
    audit: ({ id }) => ({ action: 'mend', target: id, details: { how: 'well' } }),
    async perform({ id }) {
      await fate();
      done.push(id);
      return { result: { mended: id }, note: 'as new' };
    },
  }),
];

describe('the console', () => {
  let console: TestConsole;
  beforeEach(async () => {
    done.length = 0;
    fate = async () => undefined;
    console = await startConsole({ routes });
  });
  afterEach(() => console.close());

  const mend = (headers: Record<string, string>, id = 'a') =>
    console.send('POST', '/api/thing/mend', { body: { id }, headers });
  async function writing(name = 'ann', password = 'right') {
    const headers = await console.signIn(name, password);
    const answer = await console.send('POST', '/api/write-mode', { body: { on: true }, headers });
    expect(answer.status).to.equal(200);
    return headers;
  }

  describe('lets in', () => {
    it('nobody without a credential, to anything but the empty page', async () => {
      for (const path of ['/api/session', '/api/thing', '/api/audit', '/api/nothing']) {
        const { status, body, headers } = await console.send('GET', path);
        expect([path, status, body['code']]).to.deep.equal([path, 401, 'unauthorized']);
        expect(body['request_id']).to.equal(headers.get('x-request-id')).and.be.a('string');
      }
      expect((await mend({})).status).to.equal(401);
      expect(done).to.deep.equal([]);
      expect((await console.send('GET', '/dead-letters?q=x')).text).to.include(
        '<title>Trolley console</title>',
      );
    });

    it('asks a script, and not a page, for HTTP Basic', async () => {
      expect((await console.send('GET', '/api/thing')).headers.get('www-authenticate')).to.match(/^Basic /);
      const page = await console.send('GET', '/api/thing', { headers: { 'x-requested-with': 'console' } });
      expect(page.headers.get('www-authenticate')).to.equal(null);
    });

    it('by name and password, with a cookie that no script reads and no other site sends', async () => {
      const answer = await console.send('POST', '/api/sign-in', { body: { name: 'vic', password: 'sight' } });
      expect(answer.headers.get('set-cookie')).to.match(
        /^trolley-console=[^;]{36}; Path=\/; HttpOnly; SameSite=Strict$/,
      );
      const headers = await console.signIn('vic', 'sight');
      const { body } = await console.send('GET', '/api/session', { headers });
      expect(body).to.include({ name: 'vic', role: 'viewer', version: '1.2.3', writesForMs: 0 });
    });

    it('over HTTPS with a cookie for HTTPS alone', async () => {
      const secure = await startConsole({ isSecure: true });
      const answer = await secure.send('POST', '/api/sign-in', { body: { name: 'vic', password: 'sight' } });
      await secure.close();
      expect(answer.headers.get('set-cookie')).to.match(/^__Host-trolley-console=.*; Secure$/);
      expect(answer.headers.get('strict-transport-security')).to.equal('max-age=31536000');
    });

    it('a script by HTTP Basic', async () => {
      expect((await console.send('GET', '/api/thing', { headers: basic('vic', 'sight') })).status).to.equal(
        200,
      );
    });

    it('nobody with a wrong name or password, in the same words', async () => {
      const answers = [];
      for (const [name, password] of [
        ['ann', 'wrong'],
        ['ben', 'right'],
        ['', ''],
        ['ann', ''],
      ] as const) {
        answers.push(await console.send('POST', '/api/sign-in', { body: { name, password } }));
        answers.push(await console.send('GET', '/api/thing', { headers: basic(name, password) }));
      }
      for (const { status, body, headers } of answers) {
        expect(status).to.equal(401);
        expect(body).to.include({ code: 'unauthorized', error: 'the name or the password is wrong' });
        expect(headers.get('set-cookie')).to.equal(null);
      }
    });

    it('nobody after ten wrong passwords from one address, until five minutes are over', async () => {
      const guess = () => console.send('POST', '/api/sign-in', { body: { name: 'ann', password: 'wrong' } });
      for (let i = 0; i < 10; i++) expect((await guess()).status).to.equal(401);
      const right = { body: { name: 'ann', password: 'right' } };
      const refused = await console.send('POST', '/api/sign-in', right);
      expect([refused.status, refused.body['code']]).to.deep.equal([429, 'rate_limited']);
      expect(refused.headers.get('retry-after')).to.equal('300');
      expect((await console.send('GET', '/api/thing', { headers: basic('ann', 'right') })).status).to.equal(
        429,
      );
      await console.clock.advance(300_001);
      expect((await console.send('POST', '/api/sign-in', right)).status).to.equal(200);
    });

    it('nobody whose session has ended: by signing out, after an hour without use, after twelve hours', async () => {
      const [out, idle, long] = await Promise.all([1, 2, 3].map(() => console.signIn('ann', 'right')));
      const look = async (headers = {}) => (await console.send('GET', '/api/session', { headers })).status;
      await console.send('POST', '/api/sign-out', { headers: out! });
      expect(await look(out)).to.equal(401);
      for (let hours = 0; hours < 12; hours += 0.5) {
        expect(await look(long)).to.equal(200);
        await console.clock.advance(1_800_000);
      }
      expect(await look(idle)).to.equal(401);
      expect(await look(long)).to.equal(401);
    });

    it('nobody by a cookie of its own making', async () => {
      const headers = { cookie: 'trolley-console=00000000-0000-0000-0000-000000000000' };
      expect((await console.send('GET', '/api/session', { headers })).status).to.equal(401);
    });
  });

  describe('acts', () => {
    it('for an operator in write mode, on record before and after', async () => {
      const headers = await writing();
      fate = async () => {
        expect(console.audit.entries.at(-1)).to.include({ action: 'mend', outcome: 'unknown' });
      };
      const { status, body } = await mend({ ...headers, 'x-request-id': 'the-request' });
      expect([status, body]).to.deep.equal([200, { mended: 'a' }]);
      expect(done).to.deep.equal(['a']);
      expect(console.audit.entries.map(({ action, outcome }) => [action, outcome])).to.deep.equal([
        ['turn write mode on', 'done'],
        ['mend', 'done'],
      ]);
      expect(console.audit.entries.at(-1)).to.deep.include({
        who: 'ann',
        role: 'operator',
        source: 'console',
        target: 'a',
        details: { how: 'well' },
        note: 'as new',
        requestId: 'the-request',
        address: '127.0.0.1',
      });
    });

    it('for a script of an operator that says so', async () => {
      expect((await mend(basic('ann', 'right'))).body['code']).to.equal('read_only');
      expect((await mend({ ...basic('ann', 'right'), 'x-write-mode': 'on' })).status).to.equal(200);
      expect((await mend({ ...basic('vic', 'sight'), 'x-write-mode': 'on' })).body['code']).to.equal(
        'forbidden',
      );
      expect(done).to.deep.equal(['a']);
    });

    it('for nobody in read-only mode, nor when the fifteen minutes are over', async () => {
      const signedIn = await console.signIn('ann', 'right');
      expect((await mend(signedIn)).body['code']).to.equal('read_only');
      const headers = await writing();
      await console.clock.advance(15 * 60_000);
      expect((await mend(headers)).body['code']).to.equal('read_only');
      expect(done).to.deep.equal([]);
    });

    it('never for a viewer', async () => {
      const headers = await console.signIn('vic', 'sight');
      const turned = await console.send('POST', '/api/write-mode', { body: { on: true }, headers });
      expect([turned.status, turned.body['code']]).to.deep.equal([403, 'forbidden']);
      expect((await mend(headers)).body['code']).to.equal('forbidden');
      expect(done).to.deep.equal([]);
      expect(console.audit.entries).to.deep.equal([]);
    });

    it('for no page of another site', async () => {
      const { 'x-csrf-token': token, ...headers } = await writing();
      const forged: [string, Record<string, string>][] = [
        ['another origin', { origin: 'https://evil.example', 'x-csrf-token': token! }],
        ['an origin of nobody', { origin: 'null', 'x-csrf-token': token! }],
        ['another site', { 'sec-fetch-site': 'cross-site', 'x-csrf-token': token! }],
        ['a sibling', { 'sec-fetch-site': 'same-site', 'x-csrf-token': token! }],
        ['no token', {}],
        ['a wrong token', { 'x-csrf-token': token!.replace(/./g, '0') }],
      ];
      for (const [what, more] of forged) {
        const { status, body } = await mend({ ...headers, ...more });
        expect([what, status, body['code']]).to.deep.equal([what, 403, 'forbidden']);
      }
      const { cookie } = headers;
      expect((await mend({ cookie: cookie!, 'x-csrf-token': token! })).status, 'no origin').to.equal(403);
      // What a form can send: no JSON, and no header of ours.
      const form = {
        body: 'id=a',
        headers: { cookie: cookie!, origin: 'https://evil.example', 'content-type': 'text/plain' },
      };
      expect((await console.send('POST', '/api/thing/mend', form)).status).to.equal(403);
      const signIn = {
        body: { name: 'ann', password: 'right' },
        headers: { origin: 'https://evil.example' },
      };
      expect((await console.send('POST', '/api/sign-in', signIn)).status).to.equal(403);
      expect(done).to.deep.equal([]);
    });

    it('not at all where it can’t be put on record', async () => {
      const headers = await writing();
      console.audit.fails = true;
      const { status, body } = await mend(headers);
      expect([status, body['code']]).to.deep.equal([503, 'not_audited']);
      expect(body['error']).to.equal(
        'it could not be put on record, so nothing was done: the database is away',
      );
      expect(done).to.deep.equal([]);
    });

    it('and says what it did also where the end can’t be put on record', async () => {
      const headers = await writing();
      fate = async () => void (console.audit.fails = true);
      expect((await mend(headers)).body).to.deep.equal({ mended: 'a' });
      expect(console.audit.entries.at(-1)).to.include({ action: 'mend', outcome: 'unknown' });
    });

    for (const [what, error, outcome, status] of [
      ['a refusal', new ActorError('not_found', 'it has gone'), 'refused', 404],
      ['no answer in time', new ActorError('deadline_exceeded', 'too late'), 'unknown', 504],
      ['a broken connection', Object.assign(new Error('broken'), { code: 'ECONNRESET' }), 'unknown', 503],
      ['a fault of the program', new Error('oh'), 'unknown', 500],
    ] as const)
      it(`and takes ${what} for ${outcome}`, async () => {
        const headers = await writing();
        fate = () => Promise.reject(error);
        expect((await mend(headers)).status).to.equal(status);
        expect(console.audit.entries.at(-1)).to.include({ action: 'mend', outcome });
      });

    it('on no bad input, of which nothing is on record', async () => {
      const headers = await writing();
      for (const body of ['{', '[]', '{}', '{"id":7}', '{"__proto__":{"id":"a"}}']) {
        const answer = await console.send('POST', '/api/thing/mend', { body, headers });
        expect([body, answer.status, answer.body['code']]).to.deep.equal([body, 400, 'invalid_request']);
      }
      expect(console.audit.entries).to.have.length(1);
    });
  });

  describe('answers', () => {
    it('what is not there, and not by that method', async () => {
      const headers = basic('vic', 'sight');
      expect((await console.send('GET', '/api/nothing', { headers })).status).to.equal(404);
      expect((await console.send('POST', '/api/thing', { headers, body: {} })).status).to.equal(405);
      expect((await console.send('GET', '/api/thing/mend', { headers })).status).to.equal(405);
      expect((await console.send('GET', '/page/..%2fcreate-console.ts', { headers })).status).to.equal(404);
    });

    it('a wrong query by the field, and a fault without its text', async () => {
      const headers = basic('vic', 'sight');
      const wrong = await console.send('GET', '/api/thing?q=long', { headers });
      expect([wrong.status, wrong.body['error']]).to.deep.equal([
        400,
        'q: Too big: expected string to have <=3 characters',
      ]);
      const broken = await console.send('GET', '/api/broken', { headers });
      expect([broken.status, broken.body['code']]).to.deep.equal([500, 'internal']);
      expect(JSON.stringify(broken.body)).not.to.include('secret');
    });

    it('with a policy that lets in no foreign host and no script of the page itself', async () => {
      const shell = await console.send('GET', '/');
      const policy = shell.headers.get('content-security-policy') ?? '';
      expect(policy).to.match(/^default-src 'self'; script-src 'self' 'sha256-[^']+'; /);
      expect(policy).not.to.match(/unsafe|http|\*/);
      expect(shell.headers.get('cache-control')).to.equal('no-cache');
      const etag = shell.headers.get('etag') ?? '';
      expect(
        (await console.send('GET', '/', { headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } }))
          .status,
      ).to.equal(304);
      const answer = await console.send('GET', '/api/session', { headers: basic('vic', 'sight') });
      expect(answer.headers.get('cache-control')).to.equal('no-store');
      expect(answer.headers.get('content-security-policy')).to.match(/^default-src 'none'/);
    });

    it('by a handler of Node at a path that was handed over, and to nobody from outside', async () => {
      const headers = basic('vic', 'sight');
      expect((await console.send('GET', '/api/stream/part?a=1', { headers })).text).to.equal(
        'data: /api/stream/part?a=1',
      );
      expect((await console.send('GET', '/api/streams', { headers })).status).to.equal(404);
      expect((await console.send('GET', '/api/stream/part')).status).to.equal(401);
    });

    it('with every file that the page asks for', async () => {
      const asked = new Set([
        '/page/app.js',
        '/page/style.css',
        '/modules/preact.js',
        '/modules/preact-hooks.js',
        '/modules/htm.js',
      ]);
      for (const path of asked) {
        const { status, text } = await console.send('GET', path);
        expect([path, status]).to.deep.equal([path, 200]);
        for (const [, name] of text.matchAll(/(?:from |import\()'(\.[^']+)'/g))
          asked.add(new URL(name!, `http://x${path}`).pathname);
      }
      expect([...asked].filter((path) => path.startsWith('/page/pages/'))).to.have.length.greaterThan(3);
    });
  });
});
