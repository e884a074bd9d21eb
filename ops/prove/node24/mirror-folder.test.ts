import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { mirrorFolder } from './mirror-folder.ts';

describe('the mirror of a folder', () => {
  let folder: string;
  beforeEach(() => (folder = temporaryFolder('mirror')));
  afterEach(() => removeTemporaryFolder(folder));

  const at = (path: string) => join(folder, path);
  function put(path: string, text = path): void {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
  }
  const mirror = () => mirrorFolder(at('source'), at('target'), new Set(['node_modules', '.git']));

  it('holds what the source holds, and nothing that it no longer holds', async () => {
    put('source/rooms/kept.ts', 'new');
    put('source/.env.example');
    put('target/rooms/kept.ts', 'old');
    put('target/rooms/gone.ts');
    put('target/gone/deep.ts');
    await mirror();
    expect(readFileSync(at('target/rooms/kept.ts'), 'utf8')).to.equal('new');
    expect(existsSync(at('target/.env.example'))).to.equal(true);
    for (const gone of ['rooms/gone.ts', 'gone']) expect(existsSync(at(`target/${gone}`))).to.equal(false);
  });

  it('leaves alone what it is told to, at any depth', async () => {
    put('source/.git/HEAD');
    put('source/runtime/node_modules/package.json', 'for the other Node');
    put('target/node_modules/package.json');
    put('target/runtime/node_modules/package.json', 'for this Node');
    await mirror();
    expect(existsSync(at('target/.git'))).to.equal(false);
    expect(existsSync(at('target/node_modules/package.json'))).to.equal(true);
    const nested = readFileSync(at('target/runtime/node_modules/package.json'), 'utf8');
    expect(nested).to.equal('for this Node');
  });

  it('takes a file where a folder was, a folder where a file was, and links as links', async () => {
    put('source/was-folder');
    put('source/was-file/inside');
    symlinkSync('was-folder', at('source/link'));
    put('target/was-folder/inside');
    put('target/was-file');
    put('target/link');
    await mirror();
    await mirror();
    expect(lstatSync(at('target/was-folder')).isFile()).to.equal(true);
    expect(existsSync(at('target/was-file/inside'))).to.equal(true);
    expect(readlinkSync(at('target/link'))).to.equal('was-folder');
  });
});
