import { randomUUID } from 'node:crypto';
import bcrypt from 'bcryptjs';
import { silentLogger } from '@trolley/runtime';
import { FakeClock } from '@trolley/runtime/testing';
import { trustedProxies } from '../../../gateway/client-address.ts';
import { openHttpServer } from '../../../gateway/http-server.ts';
import type { ConsoleUser } from '../auth/console-users.ts';
import { createConsole, type ConsoleDeps } from '../create-console.ts';
import { MemoryAudit } from './memory-audit.ts';

/** Cheap to check: what makes real ones slow is for those who guess. */
export const userOf = (name: string, role: ConsoleUser['role'], password: string): ConsoleUser => ({
  name,
  role,
  hash: bcrypt.hashSync(password, 4),
});

const users = [userOf('ann', 'operator', 'right'), userOf('vic', 'viewer', 'sight')];

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, where it is JSON. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** A console on a port of its own, and a browser's part of talking to it. */
export async function startConsole(deps: Partial<ConsoleDeps> = {}) {
  const clock = new FakeClock();
  const audit = new MemoryAudit();
  const app = createConsole({
    users,
    audit,
    routes: [],
    troubles: [],
    clock,
    logger: silentLogger,
    newId: randomUUID,
    newSecret: randomUUID,
    trustedProxies: trustedProxies([]),
    isSecure: false,
    facts: { version: '1.2.3', mode: 'test' },
    ...deps,
  });
  const server = await openHttpServer({
    handle: app.callback(),
    host: '127.0.0.1',
    port: 0,
    clock,
    newId: randomUUID,
    requestTimeoutMs: 30_000,
  });
  const origin = `http://localhost:${server.port}`;

  async function send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const { headers } = options;
    const response = await fetch(`${origin}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(options.body === undefined ? {} : { body: textOf(options.body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    const body = isJson ? (JSON.parse(text) as Answer['body']) : {};
    return { status: response.status, headers: response.headers, body, text };
  }

  /** Signs in; the headers are those of a page of the console. */
  async function signIn(name: string, password: string): Promise<Record<string, string>> {
    const answer = await send('POST', '/api/sign-in', { body: { name, password }, headers: { origin } });
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
    return { cookie, origin, 'x-csrf-token': String(answer.body['csrfToken']) };
  }

  return { origin, clock, audit, send, signIn, close: () => server.close() };
}

const textOf = (body: object | string) => (typeof body === 'string' ? body : JSON.stringify(body));

interface SendOptions {
  readonly body?: object | string;
  readonly headers?: Record<string, string>;
}

export type TestConsole = Awaited<ReturnType<typeof startConsole>>;

export const basic = (name: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});
