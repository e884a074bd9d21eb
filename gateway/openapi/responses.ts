import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { AnswerDescription, RouteDescription } from '../api/describe-route.ts';
import type { ErrorCode } from '../error-table.ts';
import { allowedMethods, limitHeaders } from './headers.ts';
import type { JsonSchema, JsonSchemas } from './json-schema.ts';
import { otherRefusals, refusalsOf } from './route-refusals.ts';

/** By status. */
export type ResponsesObject = Readonly<Record<string, JsonSchema>>;

const Refusal = (codes: readonly ErrorCode[]) =>
  z.object({
    error: z.string().meta({ description: 'A sentence.' }),
    code: z.enum(codes),
    request_id: z.string(),
  });

const headersOfStatus: Readonly<Record<number, readonly string[]>> = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  412: ['ETag'],
  429: ['Retry-After'],
  503: ['Retry-After'],
};

/** The answers of routes. Errors that are alike stand once. */
export class Responses {
  readonly #schemas: JsonSchemas;
  readonly #shared = new Map<string, JsonSchema>();

  constructor(schemas: JsonSchemas) {
    this.#schemas = schemas;
  }

  get shared(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#shared].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  of(route: RouteDescription): ResponsesObject {
    const common = ['X-Request-Id', 'Traceresponse', ...(route.access === 'public' ? [] : limitHeaders)];
    const own = Object.entries(route.answers).map(([status, answer]): [string, JsonSchema] => [
      status,
      this.#answer(Number(status), answer, common),
    ]);
    const refusals = [...refusalsOf(route)].map(([status, codes]): [string, JsonSchema] => [
      String(status),
      this.#refusal(status, codes, common),
    ]);
    return { ...Object.fromEntries(refusals), ...Object.fromEntries(own) };
  }

  /** To requests that match no route. */
  otherwise(): ResponsesObject {
    const common = ['X-Request-Id', 'Traceresponse', ...limitHeaders];
    return {
      204: { description: 'To OPTIONS.', headers: { ...referredHeaders(common), Allow: allowedMethods } },
      ...Object.fromEntries(
        [...otherRefusals()].map(([status, codes]) => [status, this.#refusal(status, codes, common)]),
      ),
    };
  }

  #answer(status: number, answer: AnswerDescription, common: readonly string[]): JsonSchema {
    const { description, body, contentType = 'application/json', headers = [] } = answer;
    const content =
      body === undefined ? {} : { content: { [contentType]: { schema: this.#schemas.of(body, 'output') } } };
    const names = [...common, ...headers, ...(headersOfStatus[status] ?? [])];
    return { description, headers: referredHeaders(names), ...content };
  }

  #refusal(status: number, codes: readonly ErrorCode[], common: readonly string[]): JsonSchema {
    const phrase = STATUS_CODES[status] ?? '';
    const response = {
      description: `${phrase}: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
      headers: referredHeaders([...common, ...(headersOfStatus[status] ?? [])]),
      content: { 'application/json': { schema: this.#schemas.of(Refusal(codes), 'output') } },
    };
    return this.#once(phrase.replaceAll(/[^A-Za-z]/g, ''), response);
  }

  /** The first response of a name is shared under it; one that differs is written in place. */
  #once(name: string, response: JsonSchema): JsonSchema {
    const before = this.#shared.get(name);
    if (before === undefined) this.#shared.set(name, response);
    else if (JSON.stringify(before) !== JSON.stringify(response)) return response;
    return { $ref: `#/components/responses/${name}` };
  }
}

function referredHeaders(names: readonly string[]): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
