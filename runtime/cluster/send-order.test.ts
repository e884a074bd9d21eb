import { expect } from 'chai';
import { SendOrder } from './send-order.ts';

describe('the order of what goes to an actor directly and through its mailbox', () => {
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('sends to the mailbox once all that went directly before it is ahead', async () => {
    const order = new SendOrder();
    const sent: string[] = [];
    let admit: () => void = () => undefined;
    expect(
      order.near('a', (passage) => {
        admit = () => passage.admit();
        return true;
      }),
    ).to.equal(true);
    const far = order.far('a', async () => void sent.push('a'));
    await order.far('b', async () => void sent.push('b'));
    await settled();
    expect(sent).to.deep.equal(['b']);
    admit();
    await far;
    expect(sent).to.deep.equal(['b', 'a']);
  });

  it('hands nothing over directly while something is on its way to the mailbox', async () => {
    const order = new SendOrder();
    let arrive: () => void = () => undefined;
    const far = order.far('a', () => new Promise<void>((resolve) => (arrive = resolve)));
    expect(order.near('a', () => true)).to.equal(false);
    expect(order.near('b', () => true)).to.equal(true);
    arrive();
    await far;
    expect(order.near('a', () => true)).to.equal(true);
  });

  it('waits for nothing that was not taken', async () => {
    const order = new SendOrder();
    expect(order.near('a', () => false)).to.equal(false);
    await order.far('a', async () => undefined);
  });
});
