import { expect } from 'chai';
import { parseRedisUrl, type RedisAddress } from './redis-url.ts';

describe('the URL of a Redis', () => {
  const one = { tls: false, kind: 'standalone', db: 0 } as const;
  const read: [url: string, address: RedisAddress][] = [
    ['redis://cache', { ...one, hosts: [{ host: 'cache', port: 6379 }] }],
    ['redis://cache:7000/3', { ...one, hosts: [{ host: 'cache', port: 7000 }], db: 3 }],
    ['redis://[::1]:7000/', { ...one, hosts: [{ host: '::1', port: 7000 }] }],
    [
      'rediss://user:p%40ss@cache',
      { ...one, tls: true, username: 'user', password: 'p@ss', hosts: [{ host: 'cache', port: 6379 }] },
    ],
    ['redis://:a:b@c@cache', { ...one, password: 'a:b@c', hosts: [{ host: 'cache', port: 6379 }] }],
    [
      'redis+cluster://a:7000,b',
      {
        kind: 'cluster',
        tls: false,
        hosts: [
          { host: 'a', port: 7000 },
          { host: 'b', port: 6379 },
        ],
      },
    ],
    [
      'rediss+sentinel://:pw@a,[::1]:7000/the-shop/2',
      {
        kind: 'sentinel',
        tls: true,
        password: 'pw',
        hosts: [
          { host: 'a', port: 26_379 },
          { host: '::1', port: 7000 },
        ],
        master: 'the-shop',
        db: 2,
      },
    ],
  ];
  for (const [url, address] of read) {
    it(`reads ${url}`, () => expect(parseRedisUrl(url)).to.deep.equal(address));
  }

  const refused = [
    'cache:6379',
    'http://cache',
    'redis://',
    'redis://a,b',
    'redis://cache:99999',
    'redis://cache/one',
    'redis+cluster://a,,b',
    'redis+cluster://a,b/1',
    'redis+sentinel://a',
    'redis+sentinel://a/name/one',
    'redis+ring://a',
  ];
  for (const url of refused) {
    it(`refuses ${url}`, () => expect(() => parseRedisUrl(url)).to.throw('wanted a URL such as redis://'));
  }
});
