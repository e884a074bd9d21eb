import { expect } from 'chai';
import { refusalOf } from './mongo-errors.ts';

/** Codes of MongoDB, and whom they tell of. */
const meanings = {
  'the document': [2, 9, 14, 15, 22, 52, 56, 121, 10334, 11000, 17280],
  'the server': [
    ...[1, 6, 7, 8, 11, 13, 18, 26, 50, 59, 61, 64, 67, 75, 79, 85, 86, 89, 91, 96, 100, 112, 133, 134, 136],
    ...[
      146, 150, 172, 189, 211, 216, 234, 251, 262, 317, 334, 10058, 10107, 11600, 11602, 13388, 13435, 13436,
    ],
    ...[14031, 17405, undefined],
  ],
} as const;

describe('what MongoDB refuses', () => {
  for (const [whom, codes] of Object.entries(meanings)) {
    it(`tells of ${whom}: ${codes.map((code) => code ?? 'no code').join(', ')}`, () => {
      const kind = whom === 'the document' ? 'internal' : 'unavailable';
      for (const code of codes)
        expect(refusalOf('carts', { code, message: 'refused' }).code, String(code)).to.equal(kind);
    });
  }
});
