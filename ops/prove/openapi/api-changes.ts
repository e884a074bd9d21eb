import type { OpenApiDocument } from '../../../gateway/openapi/openapi-document.ts';

/** JSON whose shape is known only at the places that are changed. */
interface Node {
  [name: string]: Node;
}

/** A change that somebody might make, and whether it breaks clients. */
export interface ApiChange {
  readonly what: string;
  readonly isBreaking: boolean;
  readonly make: (api: Node) => void;
}

const json = 'application/json';
const at = (from: Node, ...names: readonly string[]): Node =>
  names.reduce((node, name) => {
    const next = node[name];
    if (next === undefined) throw new Error(`the API has no ${names.join(' ')}`);
    return next;
  }, from);
const schemas = (api: Node) => at(api, 'components', 'schemas');
const newLine = (api: Node) =>
  at(api, 'paths', '/api/v1/cart/items', 'post', 'requestBody', 'content', json, 'schema');
const set = (node: Node, members: Readonly<Record<string, unknown>>): void =>
  void Object.assign(node, members);
const drop = (node: Node, name: string): void => void Reflect.deleteProperty(node, name);
const list = (node: Node): unknown[] => node as unknown as unknown[];
const without = (node: Node, name: string) => list(node).filter((each) => each !== name);
const query = (required: boolean) => ({ name: 'color', in: 'query', required, schema: { type: 'string' } });
const note = { note: { type: 'string' } };

const breaking: Readonly<Record<string, (api: Node) => void>> = {
  'a path that is gone': (api) => drop(at(api, 'paths'), '/api/v1/orders'),
  'a method that is gone': (api) => drop(at(api, 'paths', '/api/v1/cart'), 'delete'),
  'a parameter that must be there': (api) =>
    list(at(api, 'paths', '/api/v1/products', 'get', 'parameters')).push(query(true)),
  'a value of a parameter that is gone': (api) => {
    const [status] = list(at(api, 'paths', '/api/v1/checkout', 'get', 'parameters')).filter(
      (one) => (one as { name?: string }).name === 'status',
    );
    const schema = at(status as Node, 'schema');
    set(schema, { enum: without(at(schema, 'enum'), 'FAILED') });
  },
  'a member of a body that must be there': (api) => {
    set(at(newLine(api), 'properties'), note);
    list(at(newLine(api), 'required')).push('note');
  },
  'a body that takes less': (api) => set(at(newLine(api), 'properties', 'quantity'), { maximum: 50 }),
  'a member of an answer that is gone': (api) => {
    drop(at(schemas(api), 'Cart', 'properties'), 'total_price');
    set(at(schemas(api), 'Cart'), { required: without(at(schemas(api), 'Cart', 'required'), 'total_price') });
  },
  'a member of an answer that may be missing': (api) =>
    set(at(schemas(api), 'Cart'), { required: without(at(schemas(api), 'Cart', 'required'), 'total_price') }),
  'a member of an answer of another type': (api) =>
    set(at(schemas(api), 'Cart', 'properties'), { total_price: { type: 'string' } }),
  'a status that clients do not know': (api) =>
    list(at(schemas(api), 'Checkout', 'properties', 'status', 'enum')).push('WAITING'),
  'a success that is gone': (api) => drop(at(api, 'paths', '/api/v1/checkout', 'post', 'responses'), '202'),
  'a header of an answer that is gone': (api) =>
    drop(at(api, 'paths', '/api/v1/cart', 'get', 'responses', '200', 'headers'), 'ETag'),
  'a role that is asked for': (api) =>
    set(at(api, 'paths', '/api/v1/cart', 'get'), { security: [{ bearer: ['admin'] }] }),
};

const additive: Readonly<Record<string, (api: Node) => void>> = {
  nothing: () => undefined,
  'other words': (api) => set(at(api, 'info'), { description: 'Another one.', version: '9.9.9' }),
  'a path': (api) => {
    const get = { ...at(api, 'paths', '/api/v1/cart', 'get'), operationId: 'getBasket' };
    set(at(api, 'paths'), { '/api/v1/basket': { get } });
  },
  'a parameter that may be there': (api) =>
    list(at(api, 'paths', '/api/v1/products', 'get', 'parameters')).push(query(false)),
  'a member of a body that may be there': (api) => set(at(newLine(api), 'properties'), note),
  'a body that takes more': (api) => set(at(newLine(api), 'properties', 'quantity'), { maximum: 500 }),
  'a member of an answer': (api) => {
    set(at(schemas(api), 'Cart', 'properties'), note);
    list(at(schemas(api), 'Cart', 'required')).push('note');
  },
  'a code of an error': (api) => {
    const refused = at(api, 'paths', '/api/v1/products/{product_id}', 'get', 'responses', '400');
    list(at(refused, 'content', json, 'schema', 'properties', 'code', 'enum')).push('invalid_color');
  },
  'a header of an answer': (api) =>
    set(at(api, 'paths', '/api/v1/cart', 'get', 'responses', '200', 'headers'), {
      'X-Color': { schema: { type: 'string' } },
    }),
};

const changesOf = (
  changes: Readonly<Record<string, (api: Node) => void>>,
  isBreaking: boolean,
): ApiChange[] => Object.entries(changes).map(([what, make]) => ({ what, isBreaking, make }));

/** Changes that a check for breaking changes has to tell apart. */
export const apiChanges: readonly ApiChange[] = [...changesOf(breaking, true), ...changesOf(additive, false)];

export function changed(api: OpenApiDocument, { make }: ApiChange): OpenApiDocument {
  const copy = structuredClone(api);
  make(copy as unknown as Node);
  return copy;
}
