import { expect } from 'chai';
import { unknownDependencies } from './compose-problems.ts';

describe('what a compose file names', () => {
  const shop = {
    depends_on: { redis: {}, reddis: {} },
    volumes: [
      { type: 'volume', source: 'shop' },
      { type: 'volume', source: 'chop' },
      { type: 'bind', source: '/etc/shop' },
    ],
  };

  it('is there', () => {
    expect(unknownDependencies({ services: { shop, redis: {} }, volumes: { shop: null } })).to.deep.equal([
      'shop: there is no reddis',
      'shop: there is no chop',
    ]);
  });
});
