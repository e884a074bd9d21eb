import { expect } from 'chai';
import { codeOf } from '@trolley/runtime';
import { createTestCluster, MemoryStateStore, type TestCluster } from '@trolley/runtime/testing';
import { absentAfterMs, ChatRoom, chatRoom } from './chat-room.ts';

describe('a chat room', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;
  beforeEach(() => {
    store = new MemoryStateStore();
    cluster = createTestCluster({ actors: [{ actor: chatRoom, store }] });
  });
  afterEach(() => cluster.close());
  const room = () => cluster.ref(ChatRoom, 'lobby');

  it('shows who is there and what was said', async () => {
    await room().join({ name: 'ann' });
    expect(await room().join({ name: 'ben' })).to.deep.equal({ present: ['ann', 'ben'] });
    await room().say({ name: 'ann', text: 'hello' });
    expect(await room().leave({ name: 'ann' })).to.deep.equal({ present: ['ben'] });
    expect((await room().read()).lines).to.deep.equal([{ from: 'ann', text: 'hello' }]);
  });

  it('lets only those speak who are there', async () => {
    const said = room().say({ name: 'eve', text: 'hi' });
    expect(await said.then(() => 'said', codeOf)).to.equal('not_present');
  });

  it('misses who is silent, and keeps who says that he is there', async () => {
    await room().join({ name: 'ann' });
    await room().join({ name: 'ben' });
    await cluster.advance(absentAfterMs - 5_000);
    await room().stillHere({ name: 'ben' });
    await cluster.advance(10_000);
    expect((await room().read()).present).to.deep.equal(['ben']);
  });

  it('misses who is silent although its node died', async () => {
    await room().join({ name: 'ann' });
    cluster.crash();
    await cluster.advance(absentAfterMs + 20_000);
    expect((await room().read()).present).to.deep.equal([]);
  });

  it('keeps nothing once the last one has left', async () => {
    await room().join({ name: 'ann' });
    await room().say({ name: 'ann', text: 'hello' });
    expect(store.keys()).to.deep.equal(['lobby']);
    await cluster.advance(absentAfterMs + 20_000);
    expect(store.keys()).to.deep.equal([]);
    expect(await room().read()).to.deep.equal({ present: [], lines: [] });
  });
});
