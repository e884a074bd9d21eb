import { expect } from 'chai';
import { FakeClock } from '../testing/fake-clock.ts';
import { silentLogger } from '../observe/logger.ts';
import type { LogRecord } from './event-log.ts';
import { PartitionWorker, type PartitionWorkerOptions } from './partition-worker.ts';

/** `a1`: the record with offset 1, of key `a`. */
function recordOf(name: string): LogRecord {
  const [key, offset] = [name.slice(0, 1), name.slice(1)];
  return { partition: 0, offset, id: name, key, type: 'Counted', value: '{}', headers: {} };
}

const settle = async () => {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
};

describe('PartitionWorker', () => {
  let begun: string[];
  let commits: string[];
  let clock: FakeClock;
  let stop: AbortController;
  /** By record or commit: what ends it. */
  let held: Map<string, { readonly resolve: () => void; readonly reject: (error: Error) => void }>;

  beforeEach(() => {
    begun = [];
    commits = [];
    clock = new FakeClock();
    stop = new AbortController();
    held = new Map();
  });

  const hold = (what: string) => new Promise<void>((resolve, reject) => held.set(what, { resolve, reject }));
  const finish = async (what: string) => {
    held.get(what)?.resolve();
    await settle();
  };
  const open = (options: Partial<PartitionWorkerOptions> = {}, after?: Promise<void>) =>
    new PartitionWorker(
      {
        handle: ({ id }) => {
          begun.push(id);
          return hold(id);
        },
        commit: async ({ id }) => void commits.push(id),
        lost: () => expect.fail('nothing was lost'),
        stop: stop.signal,
        ...{ clock, random: () => 0, logger: silentLogger },
        ...options,
      },
      after,
    );
  const push = async (worker: PartitionWorker, ...names: string[]) => {
    worker.push(names.map(recordOf));
    await settle();
  };

  it('handles several keys at once, and each key in order', async () => {
    const worker = open();
    await push(worker, 'a1', 'a2', 'b3', 'c4', 'b5');
    expect(begun).to.deep.equal(['a1', 'b3', 'c4']);
    await finish('b3');
    expect(begun).to.deep.equal(['a1', 'b3', 'c4', 'b5']);
    await finish('a1');
    expect(begun.at(-1)).to.equal('a2');
  });

  it('commits what is handled together with all before it, and nothing ahead of that', async () => {
    const worker = open();
    await push(worker, 'a1', 'b2', 'c3', 'd4');
    await finish('b2');
    await finish('d4');
    expect({ commits, waiting: worker.waiting }).to.deep.equal({ commits: [], waiting: 4 });
    await finish('a1');
    expect({ commits, waiting: worker.waiting }).to.deep.equal({ commits: ['b2'], waiting: 2 });
    await finish('c3');
    expect({ commits, waiting: worker.waiting }).to.deep.equal({ commits: ['b2', 'd4'], waiting: 0 });
  });

  it('commits once for what was handled during a commit', async () => {
    const worker = open({
      commit: ({ id }) => {
        commits.push(id);
        return hold(`commit ${id}`);
      },
    });
    await push(worker, 'a1', 'b2', 'c3', 'd4');
    for (const name of ['a1', 'b2', 'c3']) await finish(name);
    expect(commits).to.deep.equal(['a1']);
    await finish('commit a1');
    expect(commits).to.deep.equal(['a1', 'c3']);
    await finish('d4');
    await finish('commit c3');
    expect(commits).to.deep.equal(['a1', 'c3', 'd4']);
  });

  it('holds back the key of a record that fails, and no other; nothing behind it is committed', async () => {
    let fails = true;
    const worker = open({
      handle: async ({ id }) => {
        begun.push(id);
        if (id === 'a1' && fails) throw new Error('the store is down');
      },
    });
    await push(worker, 'a1', 'a2', 'b3');
    expect({ begun, commits }).to.deep.equal({ begun: ['a1', 'b3'], commits: [] });
    fails = false;
    await clock.advance(10_000);
    await settle();
    expect(begun).to.deep.equal(['a1', 'b3', 'a1', 'a2']);
    expect(commits.at(-1)).to.equal('b3');
  });

  it('handles at most 32 at once', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `${String.fromCharCode(200 + n)}${n}`);
    await push(open(), ...names);
    expect(begun).to.have.length(32);
    await finish(names[7] ?? '');
    expect(begun).to.have.length(33);
  });

  it('begins nothing before the worker before it has ended', async () => {
    let end = () => {};
    const worker = open({}, new Promise<void>((resolve) => (end = resolve)));
    await push(worker, 'a1');
    expect(begun).to.deep.equal([]);
    end();
    await settle();
    expect(begun).to.deep.equal(['a1']);
  });

  it('begins nothing more when it is stopped, and commits what is under way', async () => {
    const worker = open();
    let ended = false;
    void worker.ended.then(() => (ended = true));
    await push(worker, 'a1', 'a2', 'b3');
    stop.abort();
    await finish('b3');
    expect(ended).to.equal(false);
    await finish('a1');
    await worker.ended;
    expect({ begun, commits }).to.deep.equal({ begun: ['a1', 'b3'], commits: ['a1'] });
  });

  it('ends with a commit that fails: nothing is begun or committed any more', async () => {
    const lost: unknown[] = [];
    const failure = new Error('another has the partition');
    const worker = open({
      commit: ({ id }) => {
        commits.push(id);
        return Promise.reject(failure);
      },
      lost: (error) => lost.push(error),
    });
    await push(worker, 'a1', 'b2', 'b3');
    await finish('a1');
    await finish('b2');
    await worker.ended;
    expect({ begun, commits, lost }).to.deep.equal({ begun: ['a1', 'b2'], commits: ['a1'], lost: [failure] });
  });
});
