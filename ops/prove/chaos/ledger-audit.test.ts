import { expect } from 'chai';
import { auditLedger } from './ledger-audit.ts';
import type { StoredLedger } from './ledger-table.ts';

describe('the audit of a ledger', () => {
  /** A ledger as these writes leave it, each given as the numbers that it added. */
  const written = (...added: number[][]): StoredLedger => ({
    key: 'a',
    version: added.length,
    seen: added.flat(),
    anomalies: [],
    writes: added.map((numbers, i) => ({ version: i + 1, writer: 'node-1', added: numbers })),
  });
  const checksOf = (acknowledged: number, stored: StoredLedger | undefined) =>
    auditLedger('a', acknowledged, stored).map(({ check }) => check);

  it('finds nothing in a ledger that holds what was acknowledged', () => {
    expect(checksOf(3, written([1], [2, 3]))).to.deep.equal([]);
    expect(checksOf(0, undefined)).to.deep.equal([]);
  });

  it('lets stand what was applied and never answered', () => {
    expect(checksOf(2, written([1], [2], [3]))).to.deep.equal([]);
  });

  it('takes any number for the first version', () => {
    const { writes } = written([1], [2]);
    const later = writes.map((write) => ({ ...write, version: write.version + 1e15 }));
    expect(checksOf(2, { ...written([1], [2]), version: 1e15 + 2, writes: later })).to.deep.equal([]);
    expect(checksOf(2, { ...written([1], [2]), version: 1e15 + 3, writes: later })).to.deep.equal(['forked']);
  });

  it('finds a message that was acknowledged and is not there', () => {
    expect(checksOf(3, written([1], [3]))).to.deep.equal(['lost']);
    expect(checksOf(1, undefined)).to.deep.equal(['lost']);
  });

  it('finds a message applied twice', () => {
    const [finding] = auditLedger('a', 2, written([1], [1], [2]));
    expect(finding).to.include({ check: 'doubled', key: 'a' });
    expect(finding?.found).to.include('v1 node-1 +1, v2 node-1 +1');
  });

  it('finds messages in another order', () => {
    expect(checksOf(2, written([2], [1]))).to.deep.equal(['order']);
  });

  it('finds what the actor noticed itself', () => {
    const anomalies = [{ expected: 2, found: 3, node: 'node-1' }];
    expect(checksOf(1, { ...written([1]), anomalies })).to.deep.equal(['order']);
  });

  it('finds two owners that wrote over each other', () => {
    // The second write of version 2 replaced the first: the log kept one, the state is of the other.
    expect(checksOf(2, { ...written([1], [3]), seen: [1, 2] })).to.deep.equal(['forked']);
    const { writes } = written([1], [2]);
    expect(checksOf(2, { ...written([1], [2]), version: 3, writes })).to.deep.equal(['forked']);
  });
});
