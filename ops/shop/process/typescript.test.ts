import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { removeTemporaryFolder, temporaryFolder } from './temporary-folder.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('the loader of TypeScript', () => {
  let tree: string;
  const at = (path: string) => join(tree, path);
  const kept = () => readdirSync(at('node_modules/.cache/typescript'));
  const run = (program: string) =>
    execFileSync(process.execPath, ['--import', './ops/shop/process/typescript.mjs', program], {
      cwd: tree,
      encoding: 'utf8',
    });

  beforeEach(() => {
    tree = temporaryFolder('typescript');
    for (const file of ['typescript.mjs', 'typescript-hooks.mjs'])
      cpSync(join(import.meta.dirname, file), at(`ops/shop/process/${file}`));
    mkdirSync(at('node_modules'));
    symlinkSync(join(root, 'node_modules/esbuild'), at('node_modules/esbuild'));
    writeFileSync(at('package.json'), '{ "type": "module" }');
  });
  afterEach(() => removeTemporaryFolder(tree));

  it('runs what the file says now, whatever was kept of it, and keeps one of each', () => {
    for (const count of [1, 2, 2]) {
      writeFileSync(at('program.ts'), `const count: number = ${count};\nconsole.log(count);\n`);
      expect(run('program.ts')).to.equal(`${count}\n`);
      expect(kept()).to.deep.equal(['program.ts.js']);
    }
  });

  it('names the line of the source in a stack, and a closure by what it is called, with no call for it', () => {
    const text = `
      interface Shop {
        readonly open: boolean;
      }
      const closure = (shop: Shop) => {
        if (shop.open) throw new Error(closure.toString());
      };
      try {
        closure({ open: true });
      } catch (error: unknown) {
        console.log((error as Error).stack);
      }`;
    writeFileSync(at('program.ts'), text);
    for (let time = 1; time <= 2; time += 1) {
      const stack = run('program.ts');
      expect(stack).to.include('at closure (').and.to.include('/program.ts:6:');
      expect(stack).not.to.include('__name');
    }
  });
});
