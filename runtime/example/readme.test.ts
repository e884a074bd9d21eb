import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const runtime = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (file: string) => readFile(join(runtime, file), 'utf8');

/** Indentation and line breaks follow the width of the page; everything else has to be the same. */
const withoutSpace = (code: string) =>
  code.replaceAll(/\s+/g, '').replaceAll(',)', ')').replaceAll(',}', '}');

describe('the README of the runtime', () => {
  it('shows nothing but code that is compiled and run', async () => {
    const readme = await read('README.md');
    const blocks = [...readme.matchAll(/(?:<!-- from (\S+) -->\n\n)?```ts\n(.*?)```/gs)];
    expect(blocks.length).to.be.greaterThan(5);
    for (const [, file, code = ''] of blocks) {
      if (file === undefined) expect.fail(`where is this from?\n${code}`);
      const source = withoutSpace(await read(file));
      for (const part of code.split(/^\s*\/\/ …\n/m)) {
        expect(source.includes(withoutSpace(part)), `${file} has no\n${part}`).to.equal(true);
      }
    }
  });

  it('links only to files that are there', async () => {
    const readme = await read('README.md');
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
    for (const link of links) if (!link.startsWith('https:')) await read(link);
  });
});
