import { expect } from 'chai';
import fc from 'fast-check';
import { codeOf } from '@trolley/runtime';
import { etagOf, knownTag, versionsFrom } from './entity-tags.ts';

describe('If-Match', () => {
  it('names the versions of strong tags, whatever they were encoded as', () => {
    expect(versionsFrom('"7"')).to.deep.equal([7]);
    expect(versionsFrom(' "7-gzip" ,"8-br",\t"0" ')).to.deep.equal([7, 8, 0]);
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 }), (version) => {
        expect(versionsFrom(etagOf(version))).to.deep.equal([version]);
      }),
    );
  });

  it('is for any version without the header and with *', () => {
    for (const any of [undefined, '*', ' * ']) expect(versionsFrom(any)).to.equal(undefined);
  });

  it('takes weak and foreign tags for those of no version', () => {
    for (const none of [
      'W/"7"',
      '"x"',
      '""',
      '"07"',
      '"7-zip"',
      '"1e1"',
      '"9007199254740993"',
      'W/"1", "a,b"',
    ]) {
      expect(versionsFrom(none), none).to.deep.equal([]);
    }
    expect(versionsFrom('W/"7", "8"')).to.deep.equal([8]);
  });

  it('refuses what is no list of tags', () => {
    const many = Array.from({ length: 17 }, (_, n) => etagOf(n)).join(',');
    for (const wrong of ['', '7', '"7', '"7" "8"', '"7",', ',', '*, "7"', 'w/"7"', '"a b"', many]) {
      let code: string | undefined;
      try {
        versionsFrom(wrong);
      } catch (error) {
        code = codeOf(error);
      }
      expect(code, wrong).to.equal('invalid_request');
    }
  });
});

describe('If-None-Match', () => {
  it('names what its sender has, in any content coding, weak tags too', () => {
    for (const known of ['"a-br"', '"a-br-gzip"']) {
      expect(knownTag('"a-br"', known), known).to.equal(known);
      expect(knownTag('"a-br"', `"x", W/${known}`), known).to.equal(known);
    }
    for (const any of ['*', ' * ']) expect(knownTag('"a-br"', any)).to.equal('"a-br"');
    for (const other of [undefined, '', '"a"', '"a-gzip"', 'a-br', '"a-br" x'])
      expect(knownTag('"a-br"', other), other).to.equal(undefined);
    expect(knownTag(undefined, '*')).to.equal(undefined);
  });
});
