import { expect } from 'chai';
import { describeStateStore } from '../testing/suites/state-store.suite.ts';
import { MemoryStateStore } from './memory-state-store.ts';

let keys = 0;

describeStateStore('memory', () => {
  const store = new MemoryStateStore();
  return Promise.resolve({
    stores: [store, store],
    key: () => `key-${++keys}`,
    state: (n: number) => ({ n }),
    outbox: () => Promise.resolve(store.published),
    close: () => Promise.resolve(),
  });
});

describe('MemoryStateStore', () => {
  const write = (expectedVersion: number) => ({
    key: 'a',
    expectedVersion,
    record: { state: { n: expectedVersion }, applied: [], effects: [], waiting: [] },
    events: [{ type: 'Counted', partitionKey: 'a', payload: {} }],
    now: 0,
  });
  const fail = () => {
    throw new Error('the store is down');
  };

  it('fails before a write: nothing is stored', async () => {
    const store = new MemoryStateStore();
    store.faults.beforeWrite = fail;
    expect(await store.write(write(0)).catch(String)).to.equal('Error: the store is down');
    expect(await store.load('a')).to.equal(undefined);
    expect(store.published).to.deep.equal([]);
  });

  it('fails after a write: all is stored, and the caller does not know', async () => {
    const store = new MemoryStateStore();
    store.faults.afterWrite = fail;
    expect(await store.write(write(0)).catch(String)).to.equal('Error: the store is down');
    expect((await store.load('a'))?.version).to.equal(1);
    expect(store.published).to.have.length(1);
    delete store.faults.afterWrite;
    expect(await store.write(write(0))).to.equal(false);
  });
});
