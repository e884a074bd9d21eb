import { expect } from 'chai';
import fc from 'fast-check';
import { foldForSearch } from './search-text.ts';

/** From the first to the last, by script: letters with cases, marks, joining forms, compatibility forms. */
const ranges: readonly (readonly [number, number])[] = [
  [0x20, 0x7e], // ASCII
  [0xa0, 0x24f], // Latin with accents
  [0x1e00, 0x1eff], // Latin with more accents, Vietnamese, capital ß
  [0x300, 0x344], // marks; the one left out is an iota under a letter, which in capitals is a letter beside it
  [0x346, 0x36f],
  [0x370, 0x379], // Greek; left out is that iota on its own
  [0x37b, 0x3ff],
  [0x1f00, 0x1fff], // Greek with more accents
  [0x400, 0x52f], // Cyrillic
  [0x1c80, 0x1c88], // Cyrillic letters with odd capitals
  [0x531, 0x587], // Armenian, with a ligature
  [0x10a0, 0x10ff], // Georgian
  [0x13a0, 0x13fd], // Cherokee, whose capitals are the older ones
  [0xab70, 0xabbf], // its small letters
  [0x5d0, 0x5ea], // Hebrew
  [0x620, 0x64a], // Arabic
  [0xfb50, 0xfbb1], // its presentation forms
  [0x904, 0x939], // Devanagari
  [0xe01, 0xe3a], // Thai
  [0x1100, 0x1112], // Hangul in parts, without the fillers, which nobody sees
  [0x1161, 0x1175],
  [0xac00, 0xd7a3], // Hangul
  [0x3041, 0x30ff], // Kana
  [0xff00, 0xff9f], // width forms
  [0x4e00, 0x9fff], // Han
  [0xfb00, 0xfb17], // ligatures
  [0x2100, 0x214f], // letterlike: Kelvin, Ångström, Ohm
  [0x2160, 0x217f], // Roman numerals
  [0x10400, 0x1044f], // Deseret, beyond 16 bits
  [0x1e900, 0x1e943], // Adlam
];
const character = fc.oneof(
  ...ranges.map(([from, to]) =>
    fc.integer({ min: from, max: to }).map((codePoint) => String.fromCodePoint(codePoint)),
  ),
);
const text = fc.array(character, { minLength: 1, maxLength: 12 }).map((characters) => characters.join(''));

const titled = (given: string) => given.replace(/\p{L}\p{M}*/u, (first) => first.toUpperCase());
const variants: Readonly<Record<string, (given: string) => string>> = {
  'in capitals': (given) => given.toUpperCase(),
  'in small letters': (given) => given.toLowerCase(),
  'in small letters by way of capitals': (given) => given.toUpperCase().toLowerCase(),
  'with a capital first': titled,
  'in capitals, as Turks write': (given) => given.toLocaleUpperCase('tr'),
  'in small letters, as Turks write': (given) => given.toLocaleLowerCase('tr'),
  'in capitals, as Greeks write': (given) => given.toLocaleUpperCase('el'),
  composed: (given) => given.normalize('NFC'),
  'taken apart': (given) => given.normalize('NFD'),
  'compatible, composed': (given) => given.normalize('NFKC'),
  'compatible, taken apart': (given) => given.normalize('NFKD'),
};

describe('foldForSearch', () => {
  for (const [how, vary] of Object.entries(variants))
    it(`finds any text ${how}`, () => {
      fc.assert(
        fc.property(text, (given) => {
          expect(foldForSearch(vary(given))).to.equal(foldForSearch(given));
        }),
        { numRuns: 2_000 },
      );
    });

  it('finds any part of a text in the whole', () => {
    const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (random, from, length) => {
        // What nobody sees parts characters here, and is not there when they are searched.
        const given = `a${random.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')}`;
        const all = [...characters.segment(given)].map(({ segment }) => segment);
        const start = from % all.length;
        const part = all.slice(start, start + 1 + (length % all.length)).join('');
        expect(foldForSearch(given)).to.include(foldForSearch(part));
      }),
      { numRuns: 2_000 },
    );
  });

  it('changes nothing that it has folded', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(foldForSearch(foldForSearch(given))).to.equal(foldForSearch(given));
      }),
      { numRuns: 2_000 },
    );
  });

  for (const [one, other] of [
    ['Чайник', 'чАЙНИК'],
    ['\u00c9clair', 'e\u0301CLAIR'],
    ['Straße', 'STRASSE'],
    ['STRAẞE', 'strasse'],
    ['Ο Καφές', 'ο καφεσ'],
    ['ΤΣΑΪ', 'τσάι'],
    ['İstanbul', 'istanbul'],
    ['ISPARTA', 'ısparta'],
    ['ﬁne', 'FINE'],
    ['Ｌａｐｔｏｐ', 'laptop'],
    ['ﾃﾚﾋﾞ', 'テレビ'],
    ['co\u00adoperate', 'Cooperate'],
  ] as const)
    it(`takes ${one} and ${other} for the same`, () => {
      expect(foldForSearch(one)).to.equal(foldForSearch(other));
    });

  for (const [one, other] of [
    ['é', 'e'],
    ['й', 'и'],
    ['ñ', 'n'],
    ['が', 'か'],
  ] as const)
    it(`does not find ${other} in ${one}`, () => {
      expect(foldForSearch(one)).not.to.include(foldForSearch(other));
    });
});
