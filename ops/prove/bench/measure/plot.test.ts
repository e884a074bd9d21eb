import { expect } from 'chai';
import { drawCurves, drawStackedBars } from './plot.ts';

const count = (svg: string, part: string) => svg.split(part).length - 1;

describe('A plot', () => {
  it('stacks the parts of a bar beside each other, as long as they are large', () => {
    const rows = [{ label: 'GET cart', parts: { shop: 3, Redis: 1 } }];
    const svg = drawStackedBars({ title: 'Processor', unit: 'ms', rows });
    expect(svg)
      .to.contain('<rect x="240" y="64" width="397.5"')
      .and.to.contain('<rect x="637.5" y="64" width="132.5"');
    expect(svg).to.contain('>4 ms</text>').and.to.contain('>Redis</text>');
  });

  it('marks the bar that all are held against', () => {
    const rows = [{ label: 'a', parts: { all: 2 } }];
    expect(drawStackedBars({ title: 'Bars', unit: '×', rows, mark: 1 })).to.contain('M505 40V');
  });

  it('draws a curve for each name, on a scale of powers of ten', () => {
    const svg = drawCurves({
      title: 'Latency',
      unit: 'ms',
      steps: ['p50', 'p99'],
      curves: { cart: [0.5, 5], adds: [2, 90] },
    });
    expect(count(svg, 'stroke-width="2"')).to.equal(2);
    for (const line of ['0.1 ms', '1 ms', '10 ms', '100 ms']) expect(svg).to.contain(`>${line}</text>`);
  });

  it('shows words as they are, whatever they hold', () => {
    expect(drawStackedBars({ title: 'a < b & c', unit: '', rows: [] })).to.contain('a &lt; b &amp; c');
  });
});
