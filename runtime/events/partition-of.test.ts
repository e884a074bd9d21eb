import { expect } from 'chai';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { murmur2, partitionOf } from './partition-of.ts';

describe('murmur2', () => {
  it('gives the values of the Java client', () => {
    const known: Record<string, number> = {
      '21': -973932308,
      foobar: -790332482,
      'a-little-bit-long-string': -985981536,
      'a-little-bit-longer-string': -1486304829,
      lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
      abc: 479470107,
    };
    for (const [text, hash] of Object.entries(known)) {
      expect(murmur2(Buffer.from(text)), text).to.equal(hash);
    }
  });
});

describe('partitionOf', () => {
  it('chooses as the client of Kafka does that chooses as the Java client', () => {
    const choose = Partitioners.DefaultPartitioner();
    const any = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 50 }), (key, partitions) => {
        const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
          ...{ partitionId, partitionErrorCode: 0, leader: 1 },
          ...{ replicas: [1], isr: [1] },
        }));
        const message = { key, value: '' };
        expect(partitionOf(key, partitions)).to.equal(choose({ topic: 't', partitionMetadata, message }));
      }),
    );
  });

  it('stays within the partitions and uses all of them', () => {
    const used = new Set(Array.from({ length: 200 }, (_, user) => partitionOf(String(user), 6)));
    expect([...used].sort()).to.deep.equal([0, 1, 2, 3, 4, 5]);
  });
});
