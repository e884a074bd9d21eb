import { expect } from 'chai';
import { maskPasswords } from './mask.ts';

describe('maskPasswords', () => {
  const cases: readonly (readonly [given: string, shown: string])[] = [
    ['redis://a:1', 'redis://a:1'],
    ['redis://:pw@a/1', 'redis://:***@a/1'],
    ['rediss+cluster://user:p@ss:word@a,b', 'rediss+cluster://user:***@a,b'],
    [
      'postgres://u:pw@db:5432/x?sslpassword=pw&sslmode=require',
      'postgres://u:***@db:5432/x?sslpassword=***&sslmode=require',
    ],
    [
      'mongodb://u:pw@one,two/carts?tls=true&tlsCertificateKeyFilePassword=pw',
      'mongodb://u:***@one,two/carts?tls=true&tlsCertificateKeyFilePassword=***',
    ],
    ['mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:pw', 'mongodb://h/?authMechanismProperties=***'],
    [
      'connecting to postgres://u:pw@db/x failed, and redis://:pw@c too',
      'connecting to postgres://u:***@db/x failed, and redis://:***@c too',
    ],
    ['user@example.com at 10:30, http://a:80/?q=1', 'user@example.com at 10:30, http://a:80/?q=1'],
  ];
  for (const [given, shown] of cases) {
    it(`shows ${shown}`, () => expect(maskPasswords(given)).to.equal(shown));
  }
});
