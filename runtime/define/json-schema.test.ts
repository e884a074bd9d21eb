import * as v from 'valibot';
import { expect } from 'chai';
import { z } from 'zod';
import { jsonSchemaOf } from './json-schema.ts';
import type { Schema } from './schema.ts';

describe('the JSON Schema of a schema', () => {
  it('tells of zod what goes in, and what comes out', () => {
    const schema = z.object({ by: z.int().default(1) });
    const goesIn = jsonSchemaOf(schema, 'input');
    expect(goesIn).to.deep.include({ type: 'object' });
    expect(goesIn).to.not.have.property('required');
    expect(jsonSchemaOf(schema, 'output')).to.deep.include({ required: ['by'] });
  });

  it('has no word for what JSON Schema has none for', () => {
    expect(jsonSchemaOf(z.object({ when: z.date() }), 'input')).to.deep.include({ properties: { when: {} } });
  });

  it('is what another library says by the standard', () => {
    const told = { type: 'string' };
    const input = ({ target }: { target: string }) => ({ ...told, $schema: target });
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'other',
        validate: (value: unknown) => ({ value }),
        jsonSchema: { input },
      },
    } as unknown as Schema;
    expect(jsonSchemaOf(schema, 'input')).to.deep.equal({ type: 'string', $schema: 'draft-2020-12' });
  });

  it('is nothing where the library cannot tell, or throws, or says too much', () => {
    expect(jsonSchemaOf(v.object({ by: v.number() }), 'input')).to.equal(undefined);
    const large = z.object(
      Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`field${i}`, z.string()])),
    );
    expect(jsonSchemaOf(large, 'input')).to.equal(undefined);
    const throwing = {
      '~standard': {
        ...{ version: 1, vendor: 'other', validate: (value: unknown) => ({ value }) },
        jsonSchema: {
          input() {
            throw new Error('no such schema');
          },
        },
      },
    } as unknown as Schema;
    expect(jsonSchemaOf(throwing, 'input')).to.equal(undefined);
  });
});
