import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommand } from './command.ts';
import { readMachine } from './read-machine.ts';
import { expectWholePicture } from './testing/expect-picture.ts';
import { door } from './testing/two-machines.ts';

const file = join(import.meta.dirname, 'testing', 'two-machines.ts');
const chart = readMachine(door);

async function run(...args: string[]) {
  let [out, told] = ['', ''];
  const code = await runCommand(args, {
    stdout: {
      write(text, done) {
        out += text;
        done();
      },
    },
    stderr: { write: (text) => (told += text) },
  });
  return { code, out, told };
}

describe('npx trolley-statechart', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'statechart-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('draws a machine of a TypeScript file, to a file or to standard output', async () => {
    const out = join(folder, 'door.svg');
    expect(await run(file, '--export', 'door', '--out', out)).to.deep.equal({ code: 0, out: '', told: '' });
    expectWholePicture(readFileSync(out, 'utf8'), chart);
    const { out: written } = await run(file, '--export', 'door');
    expect(written).to.equal(readFileSync(out, 'utf8'));
    const other = await run(file, '--export', 'door', '--left-right', '--no-actions');
    expectWholePicture(other.out, chart);
    expect(other.out).not.to.equal(written);
  });

  it('writes the machine as data, and draws it from that and from its definition', async () => {
    const { out, code } = await run(file, '--export', 'door', '--json');
    expect([code, JSON.parse(out)]).to.deep.equal([0, chart]);
    for (const [name, json] of Object.entries({ chart: out, definition: JSON.stringify(door.definition) })) {
      const path = join(folder, `${name}.json`);
      writeFileSync(path, json);
      expectWholePicture((await run(path)).out, chart);
    }
  });

  it('says what is wrong, and ends with 1', async () => {
    writeFileSync(join(folder, 'broken.json'), '{');
    writeFileSync(join(folder, 'other.json'), '{}');
    writeFileSync(join(folder, 'throws.mjs'), 'throw new Error("no such thing")');
    writeFileSync(join(folder, 'nothing.mjs'), 'export const nothing = 1;');
    const wrong: [string[], RegExp][] = [
      [[join(folder, 'missing.ts')], /missing\.ts: no such file\.\n$/],
      [[join(folder, 'broken.json')], /broken\.json: is not JSON: /],
      [[join(folder, 'other.json')], /no machine of XState 5, and no definition of one\.\n$/],
      [[join(folder, 'throws.mjs')], /throws\.mjs: could not be loaded: no such thing\n$/],
      [[join(folder, 'nothing.mjs')], /nothing\.mjs: exports no machine of XState 5\.\n$/],
      [[file], /several machines\. Choose one with --export: door, lamp\.\n$/],
      [[file, '--export', 'notAMachine'], /no machine notAMachine\. There is: door, lamp\.\n$/],
      [
        [file, '--export', 'lamp', '--out', join(folder, 'no', 'such', 'folder.svg')],
        /could not be written: /,
      ],
    ];
    for (const [args, sentence] of wrong) {
      const { code, out, told } = await run(...args);
      expect([code, out], told).to.deep.equal([1, '']);
      expect(told).to.match(sentence);
    }
  });

  it('ends with 2 where it is asked in a way it does not know, and helps', async () => {
    for (const args of [[], ['--what'], [file, file], ['--out']]) {
      const { code, told } = await run(...args);
      expect(code, args.join(' ')).to.equal(2);
      expect(told).to.include('trolley-statechart --help');
    }
    expect(await run('--help')).to.include({ code: 0, told: '' });
  });
});
