import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Header } from '../openapi/headers.ts';
import type { OpenApiDocument } from '../openapi/openapi-document.ts';

export interface SentRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

export interface GivenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Response {
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

/** A place in the document, as the names that lead to it. */
type Place = readonly string[];

/** Headers of HTTP itself. */
const framing = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
]);

/** Finds where an answer differs from the description of the API. */
export class DocumentedAnswers {
  readonly #document: OpenApiDocument;
  readonly #ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.#document = document;
    this.#ajv.addSchema(document, 'api');
  }

  /** @throws Error with all of it */
  check(request: SentRequest, answer: GivenAnswer): void {
    const problems = this.problems(request, answer);
    if (problems.length === 0) return;
    const { method, path } = request;
    throw new Error(
      `${method} ${path} was answered ${answer.status}, which its description does not have:\n${problems.join('\n')}\n${answer.text.slice(0, 1000)}`,
    );
  }

  problems({ method, path }: SentRequest, answer: GivenAnswer): string[] {
    const place = this.#resolved([...this.#responses(method, path), String(answer.status)]);
    if (place === undefined) return [`status ${answer.status}`];
    return [...this.#headerProblems(place, answer), ...this.#bodyProblems(place, method, answer)];
  }

  #responses(method: string, path: string): Place {
    const verb = (method === 'HEAD' ? 'GET' : method).toLowerCase();
    const template = this.#templateOf(path.replace(/\?.*$/s, ''));
    return template !== undefined && this.#at(['paths', template, verb]) !== undefined
      ? ['paths', template, verb, 'responses']
      : ['x-otherwise', 'responses'];
  }

  /** One with that very segment comes before one with a parameter there. */
  #templateOf(path: string): string | undefined {
    const segments = path.replace(/(.)\/$/, '$1').split('/');
    const fitting = Object.keys(this.#document.paths).filter((template) => {
      const parts = template.split('/');
      return (
        parts.length === segments.length &&
        parts.every((part, i) => part === segments[i] || (part.startsWith('{') && segments[i] !== ''))
      );
    });
    return fitting.sort((a, b) => a.split('{').length - b.split('{').length)[0];
  }

  #headerProblems(place: Place, { headers }: GivenAnswer): string[] {
    const common = Object.keys(this.#at(['x-answer-headers']) as object);
    const own = Object.keys((this.#at(place) as Response).headers ?? {});
    const described = new Map<string, Place>([
      ...common.map((name) => [name.toLowerCase(), ['x-answer-headers', name]] as const),
      ...own.map((name) => [name.toLowerCase(), this.#resolved([...place, 'headers', name]) ?? []] as const),
    ]);
    const given = [...headers].filter(([name]) => !framing.has(name));
    return [
      ...given.filter(([name]) => !described.has(name)).map(([name]) => `header ${name}`),
      ...given.flatMap(([name, value]) => this.#valueProblems(name, value, described.get(name))),
      ...[...described]
        .filter(([name, header]) => (this.#at(header) as Header).required === true && !headers.has(name))
        .map(([name]) => `no header ${name}`),
    ];
  }

  #valueProblems(name: string, value: string, header: Place | undefined): string[] {
    if (header === undefined) return [];
    const { schema } = this.#at(header) as Header;
    const given = schema['type'] === 'integer' ? Number(value) : value;
    return this.#schemaProblems([...header, 'schema'], given).map(
      (problem) => `header ${name}: ${value}: ${problem}`,
    );
  }

  #bodyProblems(place: Place, method: string, { headers, text }: GivenAnswer): string[] {
    const content = (this.#at(place) as Response).content ?? {};
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    const described = Object.keys(content).find(
      (name) => name === type || (name.endsWith('/*') && type.startsWith(name.slice(0, -1))),
    );
    if (described === undefined) {
      return Object.keys(content).length === 0 && text === '' ? [] : [`content type '${type}'`];
    }
    if (method === 'HEAD') return [];
    const body: unknown = type === 'application/json' ? JSON.parse(text) : text;
    return this.#schemaProblems([...place, 'content', described, 'schema'], body);
  }

  #schemaProblems(place: Place, value: unknown): string[] {
    const pointer = place.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
    let validate = this.#validators.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `api#/${encodeURI(pointer)}` });
      this.#validators.set(pointer, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message = '', params }) =>
      [instancePath, message, JSON.stringify(params)].filter(Boolean).join(' '),
    );
  }

  /** Where `place` refers to; undefined: there is nothing. */
  #resolved(place: Place): Place | undefined {
    const found = this.#at(place) as { readonly $ref?: string } | undefined;
    if (found?.$ref === undefined) return found === undefined ? undefined : place;
    return this.#resolved(found.$ref.slice(2).split('/'));
  }

  #at(place: Place): unknown {
    let found: unknown = this.#document;
    for (const name of place) {
      found = typeof found === 'object' && found !== null ? (Reflect.get(found, name) as unknown) : undefined;
    }
    return found;
  }
}
