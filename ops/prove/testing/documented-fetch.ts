import type { OpenApiDocument } from '../../../gateway/openapi/openapi-document.ts';
import {
  DocumentedAnswers,
  type GivenAnswer,
  type SentRequest,
} from '../../../gateway/testing/documented-answers.ts';
import { openTestGateway } from '../../../gateway/testing/test-gateway.ts';
import { noteUndocumented } from './undocumented-answers.ts';
import { toldByProxy } from './validating-proxy.ts';

const descriptionLimitMs = 5_000;

/** By the origin of a gateway, what it says of itself. */
const descriptions = new Map<string, Promise<DocumentedAnswers>>();
let ofThisCheckout: Promise<DocumentedAnswers> | undefined;

/** `fetch`, but it rejects where a gateway's answer is another than that gateway says that it gives. */
export async function documentedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  const { origin, pathname, search } = new URL(url);
  const type = response.headers.get('content-type') ?? '';
  // A stream has no end to wait for.
  const text = type.startsWith('text/event-stream') ? '' : await response.clone().text();
  const { headers, problems } = toldByProxy(response);
  await expectDocumented(
    origin,
    { method: init.method ?? 'GET', path: `${pathname}${search}` },
    { status: response.status, headers, text },
    problems,
  );
  return response;
}

/**
 * Rejects where an answer of the gateway at this origin is another than that gateway says that it gives, or something
 * else is wrong with it. The test fails then, whatever becomes of the rejection.
 */
export async function expectDocumented(
  origin: string,
  request: SentRequest,
  answer: GivenAnswer,
  problems: readonly string[] = [],
): Promise<void> {
  const description = await descriptionOf(origin);
  const all = [...problems, ...description.problems(request, answer)];
  if (all.length === 0) return;
  const problem = new Error(
    [
      `${request.method} ${origin}${request.path} was answered ${answer.status}, which its description does not have:`,
      ...all,
      answer.text.slice(0, 1000),
    ].join('\n'),
  );
  noteUndocumented(problem);
  throw problem;
}

/**
 * Of a gateway that gives none, as it has gone since it answered or has too much to do, what one of this checkout
 * says: no answer is left unchecked.
 */
async function descriptionOf(origin: string): Promise<DocumentedAnswers> {
  let description = descriptions.get(origin);
  if (description === undefined) {
    description = fetchDescription(origin);
    descriptions.set(origin, description);
  }
  try {
    return await description;
  } catch {
    descriptions.delete(origin);
    return (ofThisCheckout ??= describeThisCheckout());
  }
}

async function fetchDescription(origin: string): Promise<DocumentedAnswers> {
  const response = await fetch(`${origin}/openapi.json`, { signal: AbortSignal.timeout(descriptionLimitMs) });
  if (!response.ok) throw new Error(`${origin} does not describe itself: ${response.status}`);
  return new DocumentedAnswers((await response.json()) as OpenApiDocument);
}

async function describeThisCheckout(): Promise<DocumentedAnswers> {
  const metrics = { answered: () => undefined, text: async () => '', contentType: 'text/plain' };
  const open = await openTestGateway({ metrics });
  await open.close();
  return open.documented;
}
