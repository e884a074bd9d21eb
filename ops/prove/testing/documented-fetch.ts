import type { OpenApiDocument } from '../../../gateway/openapi/openapi-document.ts';
import { DocumentedAnswers } from '../../../gateway/testing/documented-answers.ts';
import { toldByProxy } from '../testing/validating-proxy.ts';

/** By the origin of a gateway, what it says of itself. */
const descriptions = new Map<string, Promise<DocumentedAnswers>>();

/** `fetch`, but it rejects where a gateway's answer is another than that gateway says that it gives. */
export async function documentedFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, init);
  const { origin, pathname, search } = new URL(url);
  const type = response.headers.get('content-type') ?? '';
  // A stream has no end to wait for.
  if (type.startsWith('text/event-stream')) return response;
  const { headers, problems } = toldByProxy(response);
  if (problems.length > 0) throw new Error(`${init.method ?? 'GET'} ${url}:\n${problems.join('\n')}`);
  const description = await descriptionOf(origin);
  description?.check(
    { method: init.method ?? 'GET', path: `${pathname}${search}` },
    { status: response.status, headers, text: await response.clone().text() },
  );
  return response;
}

/** `undefined`: the gateway has gone since it answered, as those do that a test kills. */
function descriptionOf(origin: string): Promise<DocumentedAnswers | undefined> {
  let description = descriptions.get(origin);
  if (description === undefined) {
    description = fetchDescription(origin);
    descriptions.set(origin, description);
  }
  return description.catch(() => {
    descriptions.delete(origin);
    return undefined;
  });
}

async function fetchDescription(origin: string): Promise<DocumentedAnswers> {
  const response = await fetch(`${origin}/openapi.json`);
  if (!response.ok) throw new Error(`${origin} does not describe itself: ${response.status}`);
  return new DocumentedAnswers((await response.json()) as OpenApiDocument);
}
