import type { z } from 'zod';
import type { RouteDescription } from '../api/describe-route.ts';
import { commonHeaders, namedHeaders } from './headers.ts';
import { type JsonSchema, JsonSchemas } from './json-schema.ts';
import { Responses, type ResponsesObject } from './responses.ts';

/** An example of a request to a route, as its description has it. */
type Example = { readonly example?: Partial<Record<'params' | 'query' | 'body', object>> };
type DescribedRoute = RouteDescription & Example;

type Operation = JsonSchema & { readonly responses: ResponsesObject };

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: JsonSchema;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly [more: string]: unknown;
}

const intro = `Carts, checkouts and orders. JSON in and out; amounts are numbers with two decimals.

- Every request but those without a lock below wants \`Authorization: Bearer <JWT>\`. In development, \`npm run token -- 1 [admin]\` prints one.
- An error is always \`{"error","code","request_id"}\`. Its codes are listed with each status; take one that you do not know for what its status says.
- A call that changes something takes \`Idempotency-Key\`: the same request under the same key is applied once and gets the same answer. So whatever became of it, it may be sent again.
- Every answer has the headers of \`x-answer-headers\` besides its own. What is asked of another path, or with another method, is answered as \`x-otherwise\` says. \`HEAD\` and \`OPTIONS\` work where \`GET\` does.
- \`traceparent\` and \`tracestate\` of a request are gone on from.`;

/** The OpenAPI 3.1 document, made from the same descriptions that guard and serve the routes. */
export function openApiDocument(routes: readonly DescribedRoute[], version: string): OpenApiDocument {
  const schemas = new JsonSchemas();
  const responses = new Responses(schemas);
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:([a-z_]+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = {
      ...about(route),
      security: securityOf(route),
      parameters: [...fieldParameters(route, schemas), ...headerParameters(route)],
      ...requestBody(route, schemas),
      responses: responses.of(route),
    };
  }
  const otherwise = responses.otherwise();
  return {
    openapi: '3.1.1',
    info: {
      title: 'Trolley',
      version,
      summary: 'Carts and checkouts as an actor cluster.',
      description: intro,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: schemas.named,
      responses: responses.shared,
      parameters: requestHeaders,
      headers: namedHeaders,
      securitySchemes: { bearer },
    },
    'x-answer-headers': commonHeaders(),
    'x-otherwise': { responses: otherwise },
  };
}

function securityOf({ access }: RouteDescription): readonly JsonSchema[] {
  if (access === 'public' || access === 'anyone') return [];
  return [{ bearer: access === 'admin' ? ['admin'] : [] }];
}

const bearer: JsonSchema = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'HS256 with the secret of the shop, or RS256, ES256 or EdDSA with a key of its JWKS. Claims: iss, exp, the user in ' +
    'user_id (or sub) as a number or its decimal digits, and roles, of which admin counts.',
};

const requestHeaders: Readonly<Record<string, JsonSchema>> = {
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Names this one request of its user: sent again, it is not applied again. 1 to 255 printable characters.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]+$' },
  },
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    description:
      'The ETag of a cart: it is changed only while that is its version. A list is one of them, * any.',
    schema: { type: 'string' },
    example: '*',
  },
  'Last-Event-ID': {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'The id of the last event that has come: the stream goes on behind it.',
    schema: { type: 'string', maxLength: 200 },
  },
  'X-Request-Id': {
    name: 'X-Request-Id',
    in: 'header',
    description:
      'Comes back with the answer, and is logged; where it is not 1 to 128 printable characters, one is made.',
    schema: { type: 'string' },
  },
};

function about({ operationId, tag, summary, description }: RouteDescription): JsonSchema {
  return { operationId, tags: [tag], summary, ...(description === undefined ? {} : { description }) };
}

function fieldParameters({ params, query, example }: DescribedRoute, schemas: JsonSchemas): JsonSchema[] {
  return [
    ...parametersOf('path', params, example?.params, schemas),
    ...parametersOf('query', query, example?.query, schemas),
  ];
}

/** In the URL a parameter is text; described is the value that the text stands for. */
function parametersOf(
  place: 'path' | 'query',
  guard: z.ZodObject | undefined,
  example: object | undefined,
  schemas: JsonSchemas,
): JsonSchema[] {
  if (guard === undefined) return [];
  const { properties = {} } = schemas.of(guard, 'output') as {
    properties?: Record<string, JsonSchema>;
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const given: unknown = example === undefined ? undefined : Reflect.get(example, name);
    const isNumber = schema['type'] === 'integer' || schema['type'] === 'number';
    return {
      name,
      in: place,
      required: place === 'path',
      ...(description === undefined ? {} : { description }),
      schema,
      ...(given === undefined ? {} : { example: isNumber ? Number(given) : given }),
    };
  });
}

function headerParameters({ retryable, conditional, resumable }: RouteDescription): JsonSchema[] {
  const names = [
    ...(retryable === undefined ? [] : ['Idempotency-Key']),
    ...(conditional === true ? ['If-Match'] : []),
    ...(resumable === true ? ['Last-Event-ID'] : []),
    'X-Request-Id',
  ];
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

function requestBody({ body, example }: DescribedRoute, schemas: JsonSchemas): JsonSchema {
  if (body === undefined) return {};
  const media = {
    schema: schemas.of(body, 'input'),
    ...(example?.body === undefined ? {} : { example: example.body }),
  };
  // A body may be left out where an empty one is accepted.
  const required = !body.safeParse({}).success;
  return { requestBody: { required, content: { 'application/json': media } } };
}
