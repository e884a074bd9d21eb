import { expect } from 'chai';
import { chosenParts, onlyHelp } from './parts.ts';

describe('The parts of a bench', () => {
  const parts = { reads: 'what reads cost', adds: 'what adds cost' };

  it('are those that --only names, in its order, and all without it', () => {
    expect(chosenParts(parts, undefined)).to.deep.equal(['reads', 'adds']);
    expect(chosenParts(parts, 'adds,reads')).to.deep.equal(['adds', 'reads']);
  });

  for (const only of ['', 'read', 'reads,', 'toString'])
    it(`are not '${only}', which is refused with the names that there are`, () => {
      expect(() => chosenParts(parts, only)).to.throw('--only knows reads, adds, not ');
    });

  it('stand in the help with what they are about', () => {
    const help = onlyHelp({ reads: 'what reads cost', adds: { about: 'what adds cost' } });
    expect(help).to.match(/ reads +what reads cost\n +adds +what adds cost\n$/);
  });
});
