import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { cachedFolder } from './server-cache.ts';

describe('the cache of downloads', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'trolley-cache-'))));
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const put = (text: string) => async (folder: string) => {
    writeFileSync(join(folder, 'file'), text);
  };
  const read = (folder: string) => readFileSync(join(folder, 'file'), 'utf8');

  it('fills a folder once', async () => {
    const cache = join(root, 'not', 'there', 'yet');
    const first = await cachedFolder('server-1', put('one'), cache);
    expect(first).to.equal(join(cache, 'server-1'));
    expect(read(await cachedFolder('server-1', put('two'), cache))).to.equal('one');
    expect(read(await cachedFolder('server-2', put('two'), cache))).to.equal('two');
  });

  it('keeps nothing of a filling that failed', async () => {
    const half = async (folder: string) => {
      await put('half')(folder);
      throw new Error('the line broke');
    };
    const failure = await cachedFolder('server-1', half, root).catch(String);
    expect(failure).to.equal('Error: the line broke');
    expect(readdirSync(root)).to.deep.equal([]);
    expect(read(await cachedFolder('server-1', put('whole'), root))).to.equal('whole');
  });

  it('shows a folder only when it is full, to those who race for it', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const slow = cachedFolder(
      'server-1',
      async (folder) => {
        await put('slow')(folder);
        await gate;
      },
      root,
    );
    expect(existsSync(join(root, 'server-1'))).to.equal(false);
    expect(read(await cachedFolder('server-1', put('fast'), root))).to.equal('fast');
    release();
    expect(read(await slow)).to.equal('fast');
    expect(readdirSync(root)).to.deep.equal(['server-1']);
  });

  it('clears away what a killed process had begun, and not what another one is about', async () => {
    for (const name of ['old', 'new']) mkdirSync(join(root, `server-1.filling-${name}`));
    utimesSync(join(root, 'server-1.filling-old'), 0, 0);
    await cachedFolder('server-1', put('one'), root);
    expect(readdirSync(root).sort()).to.deep.equal(['server-1', 'server-1.filling-new']);
  });
});
