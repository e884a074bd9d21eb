import { expect } from 'chai';
import { uuidV5 } from './uuid-v5.ts';

const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

describe('uuidV5', () => {
  it('gives the published examples', () => {
    expect(uuidV5(dns, 'www.example.com')).to.equal('2ed6657d-e927-568b-95e1-2665a8aea6a2');
    expect(uuidV5(dns, 'python.org')).to.equal('886313e1-3b8a-5372-9b90-0c9aee199e5d');
  });

  it('tells namespaces and names apart, and takes any text as a name', () => {
    const ids = [
      uuidV5(dns, 'a'),
      uuidV5(dns, 'b'),
      uuidV5(uuidV5(dns, 'a'), 'a'),
      uuidV5(dns, ''),
      uuidV5(dns, 'é漢'),
    ];
    expect(new Set(ids).size).to.equal(ids.length);
    for (const id of ids)
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('refuses a namespace that is none', () => {
    for (const text of ['', 'shop', `${dns}0`, `${dns}\n`, dns.replaceAll('-', '')])
      expect(() => uuidV5(text, 'a'), text).to.throw(RangeError, text);
    expect(uuidV5(dns.toUpperCase(), 'a')).to.equal(uuidV5(dns, 'a'));
  });
});
