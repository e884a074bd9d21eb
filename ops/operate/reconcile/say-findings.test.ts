import { expect } from 'chai';
import { createProgress } from '../../shop/process/progress.ts';
import { Findings } from './findings.ts';
import { sayFindings, shownId, summaryOf } from './say-findings.ts';

describe('what is said of findings', () => {
  const say = (findings: Findings) => {
    const lines: string[] = [];
    sayFindings(findings, createProgress({ write: (line: string) => lines.push(line.trimEnd()) }));
    return lines;
  };

  it('is a line for each area with its counts, and ✗ for that alone which has faults', () => {
    const findings = new Findings();
    findings.countLooked('payments', 'payments', 7);
    findings.countLooked('stock', 'products', 5);
    findings.add('stock-sold', '1', '-5 sold, by reservations 0');
    findings.noteUnderWay('orders to come');
    expect(say(findings)).to.deep.equal([
      '✗ stock: 5 products looked at, 1 with faults',
      '    1 products whose sold units are not those of their confirmed reservations: 1 (-5 sold, by reservations 0)',
      '      → npm run reconcile -- --fix',
      '✓ payments: 7 payments looked at',
      '! under way, and no fault: 1 orders to come',
    ]);
    expect(summaryOf(findings)).to.equal('The stores do not agree: 1 finding.');
  });

  it('names some of very many, and counts all', () => {
    const findings = new Findings();
    for (let i = 0; i < 30_000; i++) findings.add('charge-unknown', `c${i}`);
    expect(say(findings).join()).to.match(/30000 charged, .*: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, …,/);
    expect(findings.total).to.equal(30_000);
    expect(findings.mendable).to.have.length(10_000);
  });

  it('does not agree when something could not be read', () => {
    const findings = new Findings();
    findings.markUnread('payments', 'no such table: payments');
    expect(findings.total).to.equal(1);
    expect(say(findings)).to.deep.equal([
      '✗ payments: nothing looked at, 0 with faults',
      '    not all could be read: no such table: payments',
    ]);
  });

  for (const [id, shown] of [
    ['order-17', 'order-17'],
    ['', '""'],
    ['\0\u001B[2J"', '"\\u0000\\u001b[2J\\""'],
    ['чай', '"\\u0447\\u0430\\u0439"'],
    ['x'.repeat(1_000_000), `"${'x'.repeat(64)}\\u2026"`],
  ] as const) {
    it(`writes the id ${shown.slice(0, 20)} so that it does nothing to a terminal`, () => {
      expect(shownId(id)).to.equal(shown);
    });
  }
});
