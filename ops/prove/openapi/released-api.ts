import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { OpenApiDocument } from '../../../gateway/openapi/openapi-document.ts';
import { openTestGateway } from '../../../gateway/testing/test-gateway.ts';
import { version } from '../../shop/process/package-facts.mjs';

/** The description of the API as it was released last, which its clients were written for. */
const releasedFile = join(import.meta.dirname, '..', '..', '..', 'gateway', 'openapi', 'released.json');

/** As a gateway of this checkout gives it. */
export async function presentApi(): Promise<OpenApiDocument> {
  const metrics = { answered: () => undefined, text: async () => '', contentType: 'text/plain' };
  const open = await openTestGateway({ version, metrics });
  try {
    return (await (await fetch(`${open.gateway.url}/openapi.json`)).json()) as OpenApiDocument;
  } finally {
    await open.close();
  }
}

export function releasedApi(): OpenApiDocument {
  return JSON.parse(readFileSync(releasedFile, 'utf8')) as OpenApiDocument;
}

export function release(document: OpenApiDocument): void {
  writeFileSync(releasedFile, `${JSON.stringify(document, undefined, 1)}\n`);
}

/** Whether both say the same of the API; texts for people count, too. */
export function isSameApi(
  { info: _, ...one }: OpenApiDocument,
  { info: __, ...other }: OpenApiDocument,
): boolean {
  return isDeepStrictEqual(one, other);
}
