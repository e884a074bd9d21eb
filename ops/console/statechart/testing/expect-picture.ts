import { expect } from 'chai';
import type { Statechart } from '../statechart.ts';

/** Each state and each transition is there once, every tag is closed, and nothing of it runs or is fetched. */
export function expectWholePicture(svg: string, chart: Statechart): void {
  const unescaped = (text: string) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  const drawn = (attribute: string) =>
    [...svg.matchAll(new RegExp(`<g id="[^"]+" [^>]*${attribute}="([^"]*)"`, 'g'))]
      .map(([, id = '']) => unescaped(id))
      .sort();
  expect(drawn('data-state'), chart.id).to.deep.equal(chart.states.map(({ id }) => id).sort());
  expect(drawn('data-transition'), chart.id).to.deep.equal(chart.transitions.map(({ id }) => id).sort());
  const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(ids, chart.id).to.have.length(new Set(ids).size);
  expect(svg, chart.id).not.to.match(/<script|<foreignObject|<image|xlink|\son\w+=|url\(|@import/);
  expectClosed(svg);
}

function expectClosed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replaceAll(
    /<(\/?)(\w+)((?: [\w:-]+="[^"<]*")*)(\/?)>/g,
    (_, end: string, name: string, _attributes, empty: string) => {
      if (end !== '') expect(open.pop(), svg.slice(0, 200)).to.equal(name);
      else if (empty === '') open.push(name);
      return '';
    },
  );
  expect(open).to.deep.equal([]);
  // The style sheet's > is the only one that is no tag's.
  expect(rest).not.to.include('<');
  expect(rest).not.to.match(/&(?!(?:amp|lt|gt|quot|#\d+|#x[\da-f]+);)/);
}
