import { expect } from 'chai';
import { message } from './message.ts';
import { drawPicture, type Box, type Picture } from './picture.ts';
import { shop } from './shop.ts';

const one: Picture = {
  description: 'a < b & c',
  size: [200, 100],
  boxes: {
    here: { at: [0, 0, 40, 20], title: 'Here', kind: 'process' },
    there: { at: [100, 40, 40, 20], title: 'There', kind: 'store' },
  },
  arrows: [{ from: 'here.right@0.25', to: 'there.top', via: [[120, 5]], label: '<ask>' }],
};

describe('a picture', () => {
  it('leads an arrow from side to side, by its corners', () =>
    expect(drawPicture(one)).to.include('d="M40 5 120 5 120 40"'));

  it('shows words as they are', () => {
    expect(drawPicture(one))
      .to.include('<title>a &lt; b &amp; c</title>')
      .and.to.include('>&lt;ask&gt;</text>');
  });

  it('has no arrow to a box that is not there', () => {
    const arrows = [{ from: 'here.right', to: 'nowhere.left' }] as const;
    expect(() => drawPicture({ ...one, arrows })).to.throw('The picture has no box nowhere.');
  });

  for (const [name, { size, boxes }] of Object.entries({ shop, message })) {
    it(`of the documents (${name}) has all boxes on the page, and none on another`, () => {
      const [width, height] = size;
      const solid = Object.entries(boxes).filter(([, { kind }]) => kind !== 'frame');
      for (const [index, [id, box]] of solid.entries()) {
        const [x, y, w, h] = box.at;
        expect(x >= 0 && y >= 0 && x + w <= width && y + h <= height, id).to.equal(true);
        for (const [other, its] of solid.slice(index + 1)) {
          expect(overlap(box, its), `${id} and ${other}`).to.equal(false);
        }
      }
    });
  }
});

function overlap({ at: [x1, y1, w1, h1] }: Box, { at: [x2, y2, w2, h2] }: Box): boolean {
  return x1 < x2 + w2 && x2 < x1 + w1 && y1 < y2 + h2 && y2 < y1 + h1;
}
