import { expect } from 'chai';
import { patternOf } from './pattern.ts';

describe('a row as pattern of others', () => {
  const marks = { userId: '8000000000000001', checkoutId: 'd68efc64-78c3-5d6e-a20f-52771da91c4b' };

  it('replaces each mark wherever it stands, and nothing else', () => {
    const written = patternOf(`{"user":${marks.userId},"of":"${marks.checkoutId}:${marks.userId}"}`, marks);
    expect(written({ userId: '7', checkoutId: 'x' })).to.equal('{"user":7,"of":"x:7"}');
    expect(written({ userId: '8', checkoutId: 'y' })).to.equal('{"user":8,"of":"y:8"}');
  });

  it('refuses a mark that could be anything', () => {
    expect(() => patternOf('', { userId: '7' })).to.throw("not a mark: '7'");
  });
});
