import { expect } from 'chai';
import { Redis } from 'ioredis';
import { createTestRedis } from '../testing/suites/test-servers.ts';
import { joinWrites } from './joined-writes.ts';

describe('joinWrites', () => {
  let redis: Redis;
  beforeEach(async () => {
    const { url } = await createTestRedis();
    redis = new Redis(url, { lazyConnect: true, retryStrategy: () => 10 });
    await redis.connect();
  });
  afterEach(() => redis.disconnect());

  /** How often the socket is written to. */
  const writesOf = async (work: () => Promise<unknown>) => {
    const { stream } = redis;
    let writes = 0;
    const write = stream._write.bind(stream);
    const writev = stream._writev?.bind(stream);
    stream._write = (...given) => (writes++, write(...given));
    stream._writev = (...given) => (writes++, writev?.(...given));
    await work();
    return writes;
  };

  it('writes once what is sent within one callback, in its order', async () => {
    const results: unknown[] = [];
    const writes = await writesOf(async () => {
      joinWrites(redis);
      const set = redis.set('a', '1');
      const binary = redis.append('a', Buffer.from([0x32]));
      const pipeline = redis.pipeline().append('a', '3').append('a', '4').exec();
      results.push(...(await Promise.all([set, binary, pipeline])));
    });
    expect(results).to.deep.equal([
      'OK',
      2,
      [
        [null, 3],
        [null, 4],
      ],
    ]);
    expect(await redis.get('a')).to.equal('1234');
    expect(writes).to.equal(1);
  });

  it('writes once what follows from one answer', async () => {
    await redis.set('n', 0);
    const writes = await writesOf(async () => {
      const incr = () => {
        joinWrites(redis);
        return redis.incr('n');
      };
      const first = incr();
      await Promise.all(Array.from({ length: 50 }, () => first.then(() => incr())));
    });
    expect(await redis.get('n')).to.equal('51');
    expect(writes).to.equal(2);
  });

  it('leaves alone a connection that is not there yet', async () => {
    const later = redis.duplicate();
    joinWrites(later);
    const sent = later.set('a', '1');
    joinWrites(later);
    expect(await sent).to.equal('OK');
    later.disconnect();
  });

  it('writes what was sent before a connection is closed in the same callback', async () => {
    const onlooker = redis.duplicate();
    joinWrites(redis);
    const sent = redis.set('last', 'words');
    redis.disconnect();
    await sent.catch(() => undefined);
    expect(await onlooker.get('last')).to.equal('words');
    onlooker.disconnect();
  });
});
