import { expect } from 'chai';
import { codeOf } from '@trolley/runtime';
import { eventIdOf, positionOf } from './event-id.ts';

const id = '0f8fad5b-d9cb-469f-a165-70867728950e';

describe('the id of an event', () => {
  for (const position of [
    { cart: '7', checkout: '812', order: '813' },
    { cart: '0', checkout: '999999999999999999', order: `12~${id}~14` },
  ])
    it(`says how far its stream has come: ${eventIdOf(position)}`, () => {
      expect(positionOf(eventIdOf(position) ?? '')).to.deep.equal(position);
    });

  it('is not there until each source was read', () => {
    expect(eventIdOf({})).to.equal(undefined);
    expect(eventIdOf({ cart: '7', order: '813' })).to.equal(undefined);
  });

  for (const foreign of [
    '',
    '7',
    '1.2',
    '..',
    '7..',
    '.2.3',
    '1.2.3.4',
    '-1.2.3',
    '1.2.3 ',
    'a.b.c',
    '01.2.3',
    '1.2.9999999999999999999',
    `1.2~${id}.3`,
    `1.2~${id}~.3`,
    '1.2~x~3.4',
    '1,2,3',
    '1.2.3, 1.2.3',
    '\u0660.1.1',
    `1.2.${'3'.repeat(5000)}`,
  ])
    // prettier-ignore
    it(`is not ${JSON.stringify(foreign.slice(0, 60))}`, () => {
      let code: string | undefined;
      try {
        positionOf(foreign);
      } catch (error) {
        code = codeOf(error);
      }
      expect(code).to.equal('invalid_last_event_id');
    });
});
