import { expect } from 'chai';
import { systemClock } from '../../define/clock.ts';
import { silentLogger } from '../../observe/logger.ts';
import type { LogRecord } from '../event-log.ts';
import { KafkaAssignment, type KafkaAssignmentOptions, type NextOffset } from './kafka-assignment.ts';

function recordsOf(partition: number, ...offsets: (number | bigint)[]): LogRecord[] {
  return offsets.map((offset) => ({
    ...{ partition, offset: String(offset), id: `${partition}-${offset}` },
    ...{ key: 'a', type: 'Counted', value: '{}', headers: {} },
  }));
}

/** A gate that is shut until it is opened. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('KafkaAssignment', () => {
  let handled: string[];
  let commits: (readonly NextOffset[])[];
  let committed: () => Promise<void>;
  let closing: AbortController;

  beforeEach(() => {
    handled = [];
    commits = [];
    committed = () => Promise.resolve();
    closing = new AbortController();
  });

  const open = (options: Partial<KafkaAssignmentOptions> = {}) =>
    new KafkaAssignment({
      partitions: [0, 1],
      handle: async ({ id }) => void handled.push(id),
      commit: (offsets) => {
        commits.push(offsets);
        return committed();
      },
      after: () => undefined,
      closing: closing.signal,
      ...{ clock: systemClock, random: () => 0, logger: silentLogger },
      ...options,
    });
  const refuse = (type: string) => () => Promise.reject(Object.assign(new Error(type), { type }));

  it('commits after each record where to go on, those of several partitions together', async () => {
    const assignment = open();
    const one = assignment.work(0, recordsOf(0, 5, 6));
    const other = assignment.work(1, recordsOf(1, 9_007_199_254_740_993n));
    expect([await one, await other]).to.deep.equal([true, true]);
    expect(handled).to.have.members(['0-5', '0-6', '1-9007199254740993']);
    expect(commits[0]).to.have.deep.members([
      { partition: 0, offset: '6' },
      { partition: 1, offset: '9007199254740994' },
    ]);
    expect(commits[1]).to.deep.equal([{ partition: 0, offset: '7' }]);
  });

  it('commits nothing once it is over, whatever is done later', async () => {
    const { open: release, opened } = gate();
    const assignment = open({ handle: () => opened });
    const working = assignment.work(0, recordsOf(0, 5, 6));
    assignment.end();
    release();
    expect(await working).to.equal(false);
    await assignment.ended.get(0);
    expect(commits).to.deep.equal([]);
    expect(assignment.work(0, recordsOf(0, 5))).to.equal(undefined);
  });

  it('ends when Kafka has handed the partitions out anew, and begins nothing more', async () => {
    committed = refuse('ILLEGAL_GENERATION');
    const { open: release, opened } = gate();
    const assignment = open({
      handle: async ({ id }) => {
        handled.push(id);
        if (id === '0-6') await opened;
      },
    });
    const working = assignment.work(0, recordsOf(0, 5, 6, 7));
    while (!assignment.isOver) await new Promise(setImmediate);
    release();
    expect(await working).to.equal(false);
    expect([handled, commits.length]).to.deep.equal([['0-5', '0-6'], 1]);
  });

  it('commits again what Kafka did not take for the moment', async () => {
    let failures = 2;
    committed = () => (failures-- > 0 ? refuse('NOT_COORDINATOR_FOR_GROUP')() : Promise.resolve());
    expect(await open().work(0, recordsOf(0, 5))).to.equal(true);
    expect([handled, commits.length]).to.deep.equal([['0-5'], 3]);
  });

  it('gives up committing again when it ends', async () => {
    const assignment = open();
    committed = () => {
      assignment.end();
      return refuse('REQUEST_TIMED_OUT')();
    };
    expect(await assignment.work(0, recordsOf(0, 5))).to.equal(false);
    expect(commits).to.have.length(1);
  });

  it('commits what is under way when the subscription closes, and begins nothing more', async () => {
    const { open: release, opened } = gate();
    const assignment = open({ handle: () => opened });
    const working = assignment.work(0, recordsOf(0, 5, 6));
    await new Promise((resolve) => setImmediate(resolve));
    closing.abort();
    release();
    expect(await working).to.equal(false);
    expect(commits).to.deep.equal([[{ partition: 0, offset: '6' }]]);
  });

  it("takes nothing of a partition that is another's, or that has something in hand", async () => {
    const { open: release, opened } = gate();
    const assignment = open({ handle: () => opened });
    const working = assignment.work(0, recordsOf(0, 5));
    expect(assignment.work(0, recordsOf(0, 6))).to.equal(undefined);
    expect(assignment.work(2, recordsOf(2, 1))).to.equal(undefined);
    release();
    await working;
    expect(await assignment.work(0, recordsOf(0, 6))).to.equal(true);
  });

  it('begins in a partition when the handler that was left behind there is done', async () => {
    const { open: release, opened } = gate();
    const first = open({ handle: () => opened });
    void first.work(0, recordsOf(0, 5));
    await new Promise((resolve) => setImmediate(resolve));
    first.end();
    const next = open({ after: (partition) => first.ended.get(partition) });
    const working = next.work(0, recordsOf(0, 5));
    expect(await next.work(1, recordsOf(1, 1))).to.equal(true);
    expect(handled).to.deep.equal(['1-1']);
    release();
    expect(await working).to.equal(true);
    expect(handled).to.deep.equal(['1-1', '0-5']);
  });
});
