import { expect } from 'chai';
import { describeEventLog } from '../testing/suites/event-log.suite.ts';
import { MemoryEventLog, MemoryLogStorage } from './memory-event-log.ts';

let topics = 0;

describeEventLog<MemoryEventLog>('memory', () => {
  const storage = new MemoryLogStorage();
  const opened: MemoryEventLog[] = [];
  return Promise.resolve({
    open: () => {
      const log = new MemoryEventLog({ storage });
      opened.push(log);
      return Promise.resolve(log);
    },
    crash: (log) => Promise.resolve(log.crash()),
    topic: () => Promise.resolve(`topic-${++topics}`),
    close: async () => {
      await Promise.all(opened.map((log) => log.close()));
    },
  });
});

describe('MemoryEventLog', () => {
  const event = { id: '1', key: 'a', type: 'Counted', value: '{}', headers: {} };
  const fail = () => {
    throw new Error('the log is down');
  };

  it('fails before and after an append', async () => {
    const log = new MemoryEventLog();
    log.beforeAppend = fail;
    expect(await log.append('t', [event]).catch(String)).to.equal('Error: the log is down');
    expect(log.records('t')).to.have.length(0);
    log.beforeAppend = undefined;
    log.afterAppend = fail;
    expect(await log.append('t', [event]).catch(String)).to.equal('Error: the log is down');
    expect(log.records('t')).to.have.length(1);
  });
});
