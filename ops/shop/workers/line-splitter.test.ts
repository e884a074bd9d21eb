import { expect } from 'chai';
import { LineSplitter } from './line-splitter.ts';

describe('LineSplitter', () => {
  const split = (chunks: readonly string[], maxBytes?: number) => {
    const passed: string[] = [];
    const splitter = new LineSplitter((lines) => passed.push(lines), maxBytes);
    for (const chunk of chunks) splitter.push(Buffer.from(chunk, 'latin1'));
    splitter.end();
    return passed;
  };

  it('passes whole lines on, as many at once as have come', () => {
    expect(split(['a\nb\nc', 'd', '\n', 'e\n'])).to.deep.equal(['a\nb\n', 'cd\n', 'e\n']);
    expect(split(['Gr\u00c3', '\u00bcn\n']), 'a letter of two bytes in two pieces').to.deep.equal(['Grün\n']);
  });

  it('ends a last line that nobody has ended', () => {
    expect(split(['a\nb'])).to.deep.equal(['a\n', 'b\n']);
    expect(split([])).to.deep.equal([]);
  });

  it('keeps no more of a line than its bound', () => {
    expect(split(['xx', 'xx', 'x\n'], 3)).to.deep.equal(['xxxx\n', 'x\n']);
  });
});
