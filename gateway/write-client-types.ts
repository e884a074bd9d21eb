import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { resolveConfig } from 'prettier';
import { z } from 'zod';
import { Cart, addCartItem } from './api/cart-api.ts';
import { CheckoutPage, CheckoutWithHistory, NewCheckout } from './api/checkout-api.ts';
import { Order } from './api/order-api.ts';
import { ChangedProduct, NewProduct, ProductPage } from './api/product-api.ts';
import { errorTable } from './error-table.ts';

/*
 * `npm run client:types`: the types of the client, as text that needs no zod, from the descriptions of the routes.
 * With `--check` it fails where they are not what the descriptions say.
 */

const file = join(import.meta.dirname, 'client/api.ts');
const answers = [Cart, CheckoutPage, CheckoutWithHistory, Order, ProductPage];
const requests = [addCartItem.body.meta({ id: 'CartLine' }), ChangedProduct, NewCheckout, NewProduct];

const definitions = { ...definitionsOf(answers, 'output'), ...definitionsOf(requests, 'input') };
const text = [
  '/* Written by `npm run client:types`, from gateway/api/ and gateway/error-table.ts. */\n',
  ...(await Promise.all(Object.keys(definitions).sort().map(typeOf))),
  '/** The status that each code of the shop comes with. */',
  'export interface StatusOfCode {',
  ...Object.entries(errorTable).map(([code, { http }]) => `  ${code}: ${http};`),
  '}\n',
].join('\n');

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  process.stderr.write(
    'gateway/client/api.ts is not what the routes say. Run: npm run client:types, and commit it.\n',
  );
  process.exitCode = 1;
}

/** These schemas, and those with a name that they are made of. */
function definitionsOf(schemas: readonly z.ZodType[], io: 'input' | 'output'): Record<string, JSONSchema> {
  const parts = schemas.map((schema) => z.toJSONSchema(schema, { io, override: withoutRules }).$defs);
  return Object.assign({}, ...parts) as Record<string, JSONSchema>;
}

/** A rule for a text, such as a pattern, has no type of its own. */
function withoutRules({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.type === 'string') delete jsonSchema.allOf;
}

async function typeOf(name: string): Promise<string> {
  const schema = JSON.parse(
    JSON.stringify({ ...definitions[name], title: name, definitions }).replaceAll(
      '#/$defs/',
      '#/definitions/',
    ),
  ) as JSONSchema;
  const type = await compile(schema, name, {
    additionalProperties: false,
    bannerComment: '',
    declareExternallyReferenced: false,
    style: (await resolveConfig(file)) ?? {},
  });
  return type.replaceAll(/\/\*\*\n\s*\* (.*)\n\s*\*\//g, '/** $1 */');
}
