import { describeMailbox } from '../testing/mailbox.suite.ts';
import { MemoryMailbox } from './memory-mailbox.ts';

describeMailbox('memory', () => {
  const mailbox = new MemoryMailbox(5);
  let epoch = 0;
  return Promise.resolve({
    mailbox,
    grant(shard) {
      const lease = { shard, token: `node#${++epoch}`, isHeld: () => true };
      mailbox.grant(lease);
      return Promise.resolve(lease);
    },
    residents: () => Promise.resolve(mailbox.residents()),
    close: () => Promise.resolve(),
  });
});
