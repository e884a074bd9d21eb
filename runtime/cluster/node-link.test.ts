import { expect } from 'chai';
import { ActorError } from '../define/errors.ts';
import { addressOf } from '../mailbox/address.ts';
import type { Reply } from '../mailbox/replies.ts';
import type { AskInPassage } from './ask-in-passage.ts';
import { LinkToAsker, LinkToNode, type LinkPort } from './node-link.ts';

const to = addressOf('log', 'a', 8);

describe('a link between a process that asks and one that hosts actors', () => {
  let passed: AskInPassage[];
  let heard: unknown[];
  let node: LinkToNode;
  let asker: LinkToAsker;
  beforeEach(() => {
    passed = [];
    heard = [];
    const [here, there] = portsOf();
    asker = new LinkToAsker(
      there,
      (ask) => passed.push(ask),
      (inbox) => heard.push(inbox),
    );
    node = new LinkToNode(here, 'its inbox', {
      sent: (id) => heard.push({ sent: id }),
      answer: (reply: Reply) => heard.push(reply),
    });
  });

  const ask = (id: string) => {
    const envelope = { v: 1, id, name: 'Append', input: {} };
    const admit = () => heard.push({ admitted: id });
    node.take(to, () => ({ jobId: id, envelope, isUnnamed: true, admit, giveBack: () => Promise.resolve() }));
  };
  /** Both ends have posted what they had, and what came of it. */
  const settled = async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  it('carries asks in order, and says once that each is admitted', async () => {
    ask('one');
    ask('two');
    await settled();
    expect(passed.map(({ jobId }) => jobId)).to.deep.equal(['one', 'two']);
    passed[1]?.onAdmitted?.();
    passed[1]?.onAdmitted?.();
    await settled();
    passed[0]?.onAdmitted?.();
    await settled();
    expect(heard).to.deep.equal(['its inbox', { admitted: 'two' }, { admitted: 'one' }]);
  });

  it('says of an ask that it is in the mailbox, also when it was admitted before and then given back', async () => {
    ask('one');
    await settled();
    passed[0]?.onAdmitted?.();
    await settled();
    passed[0]?.wasSent();
    passed[0]?.onAdmitted?.();
    await settled();
    expect(heard.slice(1)).to.deep.equal([{ admitted: 'one' }, { sent: `${to.id}/one` }]);
  });

  it('answers, also that an ask could not be sent', async () => {
    ask('one');
    await settled();
    passed[0]?.fail(new ActorError('mailbox_full', 'too many'));
    asker.answer({ id: 'other', answer: { ok: 1 } });
    await settled();
    const [, refused, answered] = heard as [
      unknown,
      { id: string; answer: { error: { code: string } } },
      Reply,
    ];
    expect([refused.id, refused.answer.error.code]).to.deep.equal([`${to.id}/one`, 'mailbox_full']);
    expect(answered).to.deep.equal({ id: 'other', answer: { ok: 1 } });
  });
});

/** What is posted at one end is heard at the other, as data. */
function portsOf(): [LinkPort, LinkPort] {
  const listeners: ((frame: unknown) => void)[] = [];
  const port = (own: number, other: number): LinkPort => ({
    post: (frame) => listeners[other]?.(JSON.parse(JSON.stringify(frame))),
    onFrame: (listener) => void (listeners[own] = listener),
  });
  return [port(0, 1), port(1, 0)];
}
