import { systemClock } from '../define/clock.ts';
import { describeDeadLetters } from '../testing/suites/dead-letters.suite.ts';
import { describeMailboxView } from '../testing/suites/mailbox-view.suite.ts';
import { describeMailbox, type MailboxUnderTest } from '../testing/suites/mailbox.suite.ts';
import { describeWaiting } from '../testing/suites/mailbox-waiting.suite.ts';
import { MemoryMailbox } from './memory-mailbox.ts';

function openMailbox(): Promise<MailboxUnderTest> {
  let elapsedMs = 0;
  const mailbox = new MemoryMailbox({ now: () => systemClock.now() + elapsedMs }, 5);
  let epoch = 0;
  return Promise.resolve({
    mailbox,
    admin: mailbox.admin,
    view: mailbox.view,
    grant(shard) {
      const lease = { shard, token: `node#${++epoch}`, isHeld: () => true };
      mailbox.grant(lease);
      return Promise.resolve(lease);
    },
    revoke: async (shard) => mailbox.revoke(shard),
    residents: () => Promise.resolve(mailbox.residents()),
    elapse: (ms) => (elapsedMs += ms),
    close: () => Promise.resolve(),
  });
}

describeMailbox('memory', openMailbox);
describeWaiting('memory', openMailbox);
describeDeadLetters('memory', openMailbox);
describeMailboxView('memory', openMailbox);
