import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { pageFile } from 'trolley-statechart';
import { boardPath } from './board/board-path.ts';
import type { ConsoleMiddleware } from './console-state.ts';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly tag: string;
  readonly policy?: string;
}

/**
 * Serves the page and what it is made of, which is no secret: so a link from elsewhere leads to the page it names, and
 * the page then asks with its cookie, or shows the sign-in. Files are read once and named here: no path leads to another.
 */
export function pageFiles(): ConsoleMiddleware {
  const files = new Map([...ownFiles(), ...libraryFiles()]);
  const shell = readShell();
  return async (ctx, next) => {
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
    if (!isRead || isElsewhere(ctx.path)) return next();
    const isFile = ctx.path.startsWith('/page/') || ctx.path.startsWith('/modules/');
    const file = isFile ? files.get(ctx.path) : shell;
    if (file === undefined) return next();
    ctx.set({ 'Cache-Control': 'no-cache', 'Content-Type': file.type });
    if (file.policy !== undefined) ctx.set('Content-Security-Policy', file.policy);
    ctx.status = 200;
    ctx.etag = file.tag;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = file.body;
  };
}

/** What is served to those alone who have been let in. */
const isElsewhere = (path: string) =>
  ['/api', boardPath].some((root) => path === root || path.startsWith(`${root}/`));

const folder = join(import.meta.dirname, 'page');

function* ownFiles(): Iterable<[path: string, file: PageFile]> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = types[extname(name)];
    if (type !== undefined)
      yield [`/page/${name.replaceAll('\\', '/')}`, fileOf(type, readFileSync(join(folder, name)))];
  }
}

/** As `index.html` maps them. */
function* libraryFiles(): Iterable<[path: string, file: PageFile]> {
  const require = createRequire(import.meta.url);
  const libraries = {
    'preact.js': require.resolve('preact'),
    'preact-hooks.js': require.resolve('preact/hooks'),
    'htm.js': join(dirname(require.resolve('htm')), 'htm.module.js'),
  };
  for (const [name, path] of Object.entries(libraries))
    yield [`/modules/${name}`, fileOf(types['.js'] ?? '', readFileSync(path))];
  for (const name of ['picture.css', 'chart-view.css', 'chart-view.js']) {
    const file = pageFile(name);
    if (file !== undefined)
      yield [`/modules/statechart/${name}`, fileOf(types[extname(name)] ?? '', Buffer.from(file.body))];
  }
}

/** Its one script within the text is the map of imports, which can't be elsewhere: it is let in by its hash. */
function readShell(): PageFile {
  const body = readFileSync(join(folder, 'index.html'));
  const map = /<script type="importmap">([^<]*)<\/script>/.exec(body.toString('utf8'))?.[1] ?? '';
  const hash = createHash('sha256').update(map).digest('base64');
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'sha256-${hash}'`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { ...fileOf('text/html; charset=utf-8', body), policy };
}

function fileOf(type: string, body: Buffer): PageFile {
  return { type, body, tag: createHash('sha256').update(body).digest('base64url') };
}
