import { expect } from 'chai';
import { RecentText } from './recent-text.ts';

describe('RecentText', () => {
  it('is all of a text that is not too long', () => {
    const text = new RecentText(20);
    for (const piece of ['one\ntw', 'o\n', '\nthree\n']) text.add(piece);
    expect(String(text)).to.equal('one\ntwo\n\nthree\n');
    expect(text.lines).to.deep.equal(['one', 'two', 'three']);
  });

  it('is the newest part of one that grows, in whole lines', () => {
    const text = new RecentText(10);
    for (const piece of ['one\ntw', 'o\nthr', 'ee\nfo', 'ur\n']) text.add(piece);
    expect(String(text)).to.equal('ee\nfour\n');
    expect(text.lines).to.deep.equal(['four']);
  });
});
