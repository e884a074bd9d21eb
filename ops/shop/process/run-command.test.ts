import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createProgress } from './progress.ts';
import { readCommandLine, tellProblem } from './run-command.ts';

const options = { to: { type: 'string' }, quick: { type: 'boolean', default: false } } as const;

const refusalOf = (args: string[], maxWords = 0) => {
  try {
    return readCommandLine({ options, args, maxWords });
  } catch (error) {
    return (error as Error).message;
  }
};

describe('readCommandLine', () => {
  it('reads flags and as many words as there may be', () => {
    expect(readCommandLine({ options, args: ['a', '--to', 'x', 'b'], maxWords: 2 })).to.deep.include({
      positionals: ['a', 'b'],
      values: { to: 'x', quick: false, help: false, version: false },
    });
  });

  const refusals: readonly (readonly [args: string[], sentence: string])[] = [
    [['--hlep'], "Unknown option '--hlep'. Is --help meant? See --help."],
    [['--quik', '--to', 'x'], "Unknown option '--quik'. Is --quick meant? See --help."],
    [['--whatever'], "Unknown option '--whatever'. See --help."],
    [['-x'], "Unknown option '-x'. See --help."],
    [['--to'], "Option '--to <value>' argument missing. See --help."],
    [['more'], "Unexpected word 'more'. See --help."],
  ];
  for (const [args, sentence] of refusals) {
    it(`refuses ${args.join(' ')}`, () => expect(refusalOf(args)).to.equal(sentence));
  }
});

describe('tellProblem', () => {
  it('names the path that the system refuses', () => {
    const path = join(import.meta.filename, 'below');
    let said = '';
    const progress = createProgress({ write: (line) => (said += line) });
    let code: number | undefined;
    try {
      mkdirSync(path);
    } catch (error) {
      code = tellProblem(error, progress);
    }
    expect([code, said]).to.deep.equal([1, `✗ ${path}: a part of the path is no folder\n`]);
  });
});
