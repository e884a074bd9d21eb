import { expect } from 'chai';
import { codeOf } from '@trolley/runtime';
import { createTestCluster, MemoryStateStore, type TestCluster } from '@trolley/runtime/testing';
import { absentAfterMs, ChatRoom, chatRoom } from './chat-room.ts';

describe('a chat room', () => {
  let cluster: TestCluster;
  beforeEach(() => {
    cluster = createTestCluster({ actors: [{ actor: chatRoom, store: new MemoryStateStore() }] });
  });
  afterEach(() => cluster.close());
  const room = () => cluster.ref(ChatRoom, 'lobby');

  it('shows who is there and what was said', async () => {
    await room().ask('Join', { name: 'ann' });
    expect(await room().ask('Join', { name: 'ben' })).to.deep.equal({ present: ['ann', 'ben'] });
    await room().ask('Say', { name: 'ann', text: 'hello' });
    expect(await room().ask('Leave', { name: 'ann' })).to.deep.equal({ present: ['ben'] });
    expect((await room().ask('Read', {})).lines).to.deep.equal([{ from: 'ann', text: 'hello' }]);
  });

  it('lets only those speak who are there', async () => {
    const said = room().ask('Say', { name: 'eve', text: 'hi' });
    expect(await said.then(() => 'said', codeOf)).to.equal('conflict');
  });

  it('misses who is silent, and keeps who says that he is there', async () => {
    await room().ask('Join', { name: 'ann' });
    await room().ask('Join', { name: 'ben' });
    await cluster.advance(absentAfterMs - 5_000);
    await room().tell('StillHere', { name: 'ben' });
    await cluster.advance(10_000);
    expect((await room().ask('Read', {})).present).to.deep.equal(['ben']);
  });

  it('misses who is silent although its node died', async () => {
    await room().ask('Join', { name: 'ann' });
    cluster.crash();
    await cluster.advance(absentAfterMs + 20_000);
    expect((await room().ask('Read', {})).present).to.deep.equal([]);
  });
});
