import { expect } from 'chai';
import fc from 'fast-check';
import { isIP } from 'node:net';
import { clientAddress, isNetwork, senderOf, trustedProxies } from './client-address.ts';

const trusted = trustedProxies(['10.0.0.0/8', '192.0.2.1', 'fd00::/8', '2001:db8::1']);

describe('clientAddress', () => {
  const cases: [what: string, peer: string, forwardedFor: string, client: string][] = [
    ['no header', '203.0.113.9', '', '203.0.113.9'],
    ['a header by nobody who is trusted', '203.0.113.9', '1.1.1.1', '203.0.113.9'],
    ['a trusted proxy', '10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['a trusted proxy without a header', '10.1.2.3', '', '10.1.2.3'],
    ['a chain of trusted proxies', '10.1.2.3', '203.0.113.9, 192.0.2.1,fd00::5', '203.0.113.9'],
    ['an address that the client made up', '10.1.2.3', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['a trusted address that the client made up', '10.1.2.3', '10.9.9.9, 203.0.113.9', '203.0.113.9'],
    ['nothing but trusted ones', '10.1.2.3', '10.0.0.1, 10.0.0.2', '10.0.0.1'],
    ['a neighbour of a trusted one', '192.0.2.2', '1.1.1.1', '192.0.2.2'],
    ['IPv6', 'fd00::1', '2001:DB8:0:0::7', '2001:db8::7'],
    ['IPv4 within IPv6', '::ffff:10.1.2.3', '::ffff:203.0.113.9', '203.0.113.9'],
    ['an interface', 'fe80::1%eth0', '1.1.1.1', 'fe80::1'],
    ['no connection any more', '', '1.1.1.1', ''],
    ...['x', '1', '1.2.3.4:80', '[::1]', '1.2.3', '0x7f.1', ' ', ',', '1.1.1.1,', 'unknown', '999.1.1.1'].map(
      (header): [string, string, string, string] => [`'${header}'`, '10.1.2.3', header, '10.1.2.3'],
    ),
    ['nonsense before an address', '10.1.2.3', 'x, 203.0.113.9', '203.0.113.9'],
    ['nonsense before a trusted address', '10.1.2.3', '1.1.1.1, x, 10.0.0.9', '10.0.0.9'],
  ];
  for (const [what, peer, header, client] of cases) {
    it(`${what}: ${client || 'nobody'}`, () => {
      expect(clientAddress(peer, header, trusted)).to.equal(client);
    });
  }

  it('gives an address whatever the header holds, and the peer where nobody is trusted', () => {
    const word = fc.oneof(fc.string({ unit: 'binary' }), fc.ipV4(), fc.ipV6());
    const header = fc.array(word, { maxLength: 5 }).map((words) => words.join(','));
    const [everyone, nobody] = [trustedProxies(['0.0.0.0/0', '::/0']), trustedProxies([])];
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), header, (peer, forwarded) => {
        expect(isIP(clientAddress(peer, forwarded, everyone))).not.to.equal(0);
        const untold = clientAddress(peer, '', trusted);
        expect(clientAddress(peer, forwarded, nobody)).to.equal(untold);
      }),
    );
  });
});

describe('senderOf', () => {
  for (const [address, sender] of [
    ['203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
  ]) {
    it(`${address}: ${sender}`, () => expect(senderOf(address ?? '')).to.equal(sender));
  }
});

describe('isNetwork', () => {
  for (const text of ['10.0.0.7', '10.0.0.0/8', '0.0.0.0/0', '::1', 'fd00::/8', '::/0', '::1/128']) {
    it(`takes ${text}`, () => expect(isNetwork(text)).to.equal(true));
  }
  for (const text of [
    '',
    'proxy',
    '10.0.0',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '::1%lo',
    '10.0.0.0/-1',
  ]) {
    it(`refuses '${text}'`, () => expect(isNetwork(text)).to.equal(false));
  }
});
