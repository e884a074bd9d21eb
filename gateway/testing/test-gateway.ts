import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { silentLogger, systemClock } from '@trolley/runtime';
import { gatewayRoutes } from '../app.ts';
import { trustedProxies } from '../client-address.ts';
import { createEventStreams, openGateway, type Gateway, type GatewayOptions } from '../server.ts';
import { createShop, type Shop, type ShopDeps } from '../shop.ts';
import { openApiDocument } from '../openapi/openapi-document.ts';
import { DocumentedAnswers } from './documented-answers.ts';
import { MemoryActors } from './memory-actors.ts';
import { createMemoryCatalog, createMemoryInventory } from './memory-catalog.ts';
import { MemoryShop } from './memory-shop.ts';

export const testJwt = { secret: 'a secret for tests, of 32 bytes or more', issuer: 'ecommerce-platform' };

export interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly secret?: string;
  readonly algorithm?: string;
}

/** A token of an hour with exactly these claims over the usual ones; `undefined` removes a claim. */
export async function signToken({
  claims = {},
  secret = testJwt.secret,
  algorithm = 'HS256',
}: TokenOptions = {}) {
  const now = Math.floor(Date.now() / 1000);
  const all: Record<string, unknown> = {
    iss: testJwt.issuer,
    iat: now,
    exp: now + 3600,
    user_id: 1,
    ...claims,
  };
  const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return new SignJWT(payload).setProtectedHeader({ alg: algorithm }).sign(Buffer.from(secret));
}

export function tokenFor(userId: number, roles: readonly string[] = []): Promise<string> {
  return signToken({ claims: { user_id: userId, roles } });
}

export interface Sent {
  /** A user id, `admin`, a raw token, or nothing. Default: user 1. */
  readonly as?: number | 'admin' | 'nobody' | { readonly token: string };
  readonly json?: unknown;
  /** Sent as it is, as JSON unless the headers say otherwise. */
  readonly body?: string | ReadableStream;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Whether the answer is meant to be one that the gateway does not tell of. */
  readonly isUndocumented?: boolean;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Parsed;
}

/** Parsed JSON of which nothing is known: a test expects of it what it likes. */
export interface Parsed {
  readonly [name: string | number]: Parsed;
}

/** A member that is to be text. */
export function textOf(member: Parsed | undefined): string {
  const value: unknown = member;
  if (typeof value === 'string') return value;
  throw new TypeError(`expected text, found ${JSON.stringify(value)}`);
}

export interface TestGateway {
  readonly gateway: Gateway;
  readonly shop: Shop;
  readonly memory: MemoryShop;
  readonly actors: MemoryActors;
  /** What the gateway says of itself. */
  readonly documented: DocumentedAnswers;
  /** Rejects where the answer is another than the gateway says that it gives. */
  send(method: string, path: string, sent?: Sent): Promise<Answered>;
  close(): Promise<void>;
}

/** The gateway on a socket of its own, over a shop in memory. */
export async function openTestGateway(
  overrides: Partial<GatewayOptions & ShopDeps> = {},
): Promise<TestGateway> {
  const memory = new MemoryShop();
  const actors = new MemoryActors(memory.answers);
  const shared = {
    clock: systemClock,
    logger: silentLogger,
    requestTimeoutMs: 10_000,
    ...overrides,
  };
  const shop = createShop({
    refs: actors,
    catalog: createMemoryCatalog(),
    inventory: createMemoryInventory(),
    cartViews: memory.views,
    buyerCheckouts: memory.buyerCheckouts,
    changes: memory.changes,
    orderQueries: memory.orders,
    forcingPaymentMethods: true,
    ...shared,
  });
  const deps = {
    shop,
    rateLimits: undefined,
    newId: randomUUID,
    version: '0.0.0',
    random: () => 0.5,
    changeSubscriber: memory.notices,
    jwt: testJwt,
    corsOrigins: ['https://shop.example'],
    maxBodyBytes: 1024 * 1024,
    healthChecks: { redis: async () => {} },
    trustedProxies: trustedProxies([]),
    host: '127.0.0.1',
    port: 0,
    ...shared,
  };
  const gateway = await openGateway(deps);
  const documented = new DocumentedAnswers(
    openApiDocument(gatewayRoutes(deps, createEventStreams(deps)), deps.version),
  );
  return {
    gateway,
    shop,
    memory,
    actors,
    documented,
    async send(method, path, sent) {
      const answer = await send(gateway.url, method, path, sent);
      if (sent?.isUndocumented !== true) documented.check({ method, path }, answer);
      return answer;
    },
    close: () => gateway.close(),
  };
}

async function send(url: string, method: string, path: string, sent: Sent = {}): Promise<Answered> {
  const { as = 1 } = sent;
  const headers = new Headers(sent.headers);
  const body = sent.json === undefined ? sent.body : JSON.stringify(sent.json);
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json');
  if (as !== 'nobody' && !headers.has('authorization')) {
    const token =
      typeof as === 'object' ? as.token : as === 'admin' ? await tokenFor(1, ['admin']) : await tokenFor(as);
    headers.set('authorization', `Bearer ${token}`);
  }
  const response = await fetch(url + path, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body, duplex: 'half' as const }),
    ...(sent.signal === undefined ? {} : { signal: sent.signal }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: (text !== '' && isJson(response) ? JSON.parse(text) : {}) as Parsed,
  };
}

const isJson = ({ headers }: Response) => (headers.get('content-type') ?? '').startsWith('application/json');
