import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { drawStatechart, readMachine } from 'trolley-statechart';
import { expectWholePicture } from '../../console/statechart/testing/expect-picture.ts';
import { sagas } from './sagas.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('the pictures of the sagas', () => {
  it('are of every machine of the shop', () => {
    const files = readdirSync(join(root, 'actors'), { recursive: true, encoding: 'utf8' });
    const machines = files.filter((file) => file.endsWith('.machine.ts')).map((file) => `actors/${file}`);
    expect(Object.keys(sagas)).to.have.members(machines);
  });

  for (const [file, { machine }] of Object.entries(sagas)) {
    it(`show every state and transition of ${file} once`, async () => {
      const chart = readMachine(machine);
      for (const actions of [true, false]) {
        for (const direction of ['top-down', 'left-right'] as const)
          expectWholePicture(await drawStatechart(chart, { actions, direction }), chart);
      }
    });
  }
});
