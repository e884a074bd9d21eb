import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getDocs, getDocsFile, getOpenApi } from '../api/document-api.ts';
import { ShopError } from '../error-table.ts';
import { jsonType, WrittenText } from '../money-json.ts';
import { openApiDocument } from '../openapi/openapi-document.ts';
import { defineRoute, type Reply, type Route } from './route.ts';

const require = createRequire(import.meta.url);
const page = join(import.meta.dirname, '..', 'openapi', 'page');
const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';
const ownFiles = { 'docs.js': script, 'docs.css': style };
const filesOfPage = { ...ownFiles, 'swagger-ui-bundle.js': script, 'swagger-ui.css': style };

/** The page loads its own files alone, and calls this host alone. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the description of `routes`, and of these routes themselves. It is made when it is first asked for. */
export function documentRoutes(routes: readonly Route[], version: string): Route[] {
  const document = once(async () =>
    fixed(JSON.stringify(openApiDocument([...routes, ...own], version)), jsonType),
  );
  const html = once(async () =>
    fixed(await readFile(join(page, 'index.html'), 'utf8'), 'text/html; charset=utf-8', {
      'Content-Security-Policy': policy,
    }),
  );
  const files = new Map(
    Object.entries(filesOfPage).map(([name, type]) => [name, once(() => fileOf(name, type))]),
  );
  const own: Route[] = [
    defineRoute(getOpenApi, { handle: document }),
    defineRoute(getDocs, { handle: html }),
    defineRoute(getDocsFile, {
      async handle({ params: { file } }) {
        const read = files.get(file);
        if (read === undefined) throw new ShopError('not_found', 'the page has no such file');
        return read();
      },
    }),
  ];
  return own;
}

async function fileOf(name: string, type: string): Promise<Reply<200>> {
  const folder = name in ownFiles ? page : dirname(require.resolve('swagger-ui-dist'));
  return fixed(await readFile(join(folder, name), 'utf8'), type);
}

function fixed(
  text: string,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): Reply<200> {
  const tag = createHash('sha256').update(text).digest('base64url');
  return {
    status: 200,
    headers: { ETag: `"${tag}"`, ...headers },
    contentType,
    body: new WrittenText(text),
    isFixed: true,
  };
}

/** Makes it once; after a failure, again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
