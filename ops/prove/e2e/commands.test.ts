import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { compile } from '../../shop/process/compile.mjs';
import { version } from '../../shop/process/package-facts.mjs';
import { searchPath } from '../testing/test-servers.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const names = ['start', 'backup', 'restore', 'reconcile', 'trolley', 'token', 'bench', 'chaos', 'openapi'];

/** As npm runs it, from elsewhere, so that somebody's own `.env` changes nothing. */
function run(name: string, ...args: string[]): Promise<readonly [code: number, out: string, err: string]> {
  const words = /node (.*)$/.exec(scripts[name] ?? '')?.[1]?.split(' ') ?? [];
  const absolute = words.map((word) =>
    word === 'tsx' ? tsx : /^(\.\/)?(dist|ops)\//.test(word) ? join(root, word) : word,
  );
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...absolute, ...args],
      { cwd: tmpdir(), env: { PATH: searchPath } },
      (_error, out, err) => resolve([child.exitCode ?? -1, out, err]),
    );
  });
}

describe('every command', function () {
  this.timeout(60_000);

  before(() => compile(root));

  for (const name of names) {
    it(`npm run ${name} refuses a flag that it does not know by its name`, async () => {
      const [code, out, err] = await run(name, '--verison');
      expect([code, out]).to.deep.equal([2, '']);
      expect(err).to.match(/^✗ .*'(--)?verison'.*\n$/);
    });
  }

  it('says its version', async () => {
    for (const name of ['start', 'token', 'chaos', 'openapi'])
      expect(await run(name, '--version')).to.deep.equal([0, `trolley ${version}\n`, '']);
  });

  it('lists what there is, alike for all that have names, when nothing is named', async () => {
    for (const name of ['bench', 'chaos', 'openapi']) {
      const [code, out, err] = await run(name);
      expect([code, err]).to.deep.equal([0, '']);
      expect(out).to.match(new RegExp(`^npm run ${name} -- NAME`));
      expect(await run(name, '--help')).to.deep.equal([code, out, err]);
    }
  });
});
