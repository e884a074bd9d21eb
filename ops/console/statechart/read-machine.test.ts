import { expect } from 'chai';
import { readMachine } from './read-machine.ts';
import { StatechartError } from './statechart.ts';
import { machines } from './testing/machines.ts';

const machineNamed = (id: string) => machines.find((each) => each.id === id)!;
const transitionsOf = (id: string, source: string) =>
  readMachine(machineNamed(id)).transitions.filter((each) => each.source === source);

describe('a machine as data', () => {
  it('travels as JSON', () => {
    for (const machine of machines) {
      const chart = readMachine(machine);
      expect(readMachine(JSON.parse(JSON.stringify(chart)))).to.deep.equal(chart);
    }
  });

  it('is read from the definition as from the machine, but for what XState leaves out there', () => {
    const { states, transitions } = readMachine(machineNamed('light'));
    const travelled = readMachine(JSON.parse(JSON.stringify(machineNamed('light').definition)));
    expect(travelled.states).to.deep.equal(states);
    expect(travelled.transitions).to.deep.equal(transitions);
    expect(travelled.version).to.equal('3');
  });

  it('has delays in words, and not the actions that XState makes of them', () => {
    const chart = readMachine(machineNamed('light'));
    expect(
      chart.transitions.filter(({ trigger }) => trigger === 'after').map(({ label }) => label),
    ).to.deep.equal(['after 1.5 s', 'after 500 ms', 'after 1.5 min', 'after 250 ms']);
    expect(chart.states.flatMap(({ entry, exit }) => [...entry, ...exit])).to.deep.equal([]);
  });

  it('has guards in words, also those made of others', () => {
    expect(transitionsOf('gate', 'gate.deciding').map(({ guard }) => guard)).to.deep.equal([
      'isMember and (isOpen or isStaff)',
      'not isOpen',
      'in #gate.deciding',
      'inline guard',
    ]);
  });

  it('has actions in words, those of XState, too', () => {
    const mouse = transitionsOf('router', 'router.up').find(({ event }) => event === 'mouse.*');
    expect(mouse?.actions).to.deep.equal(['assign', 'raise(PING)', 'note', 'inline action']);
    expect(mouse?.targets).to.deep.equal([]);
  });

  it('knows what is forbidden, what enters again, and where a history falls back to', () => {
    const up = transitionsOf('router', 'router.up');
    expect(up.filter(({ forbidden }) => forbidden).map(({ event }) => event)).to.deep.equal(['HIDE']);
    expect(up.filter(({ reenter }) => reenter).map(({ event }) => event)).to.deep.equal(['PING']);
    const history = readMachine(machineNamed('player')).states.filter(({ type }) => type === 'history');
    expect(history.map(({ history: kind, initial }) => [kind, initial])).to.deep.equal([
      ['shallow', ['player.playing.normal']],
      ['deep', []],
    ]);
  });

  it('is refused, with the place, where it is none', () => {
    const chart = readMachine(machineNamed('toggle'));
    const [root, off, on] = chart.states;
    const [first] = chart.transitions;
    const wrong: [unknown, string][] = [
      [undefined, 'The machine is no machine of XState 5, and no definition of one.'],
      ['toggle', 'The machine is no machine of XState 5, and no definition of one.'],
      [
        { id: 'a', key: 'a', type: 'lambda' },
        'The machine is of type lambda, which no state of XState 5 is.',
      ],
      [
        { id: 'a', key: 'a', type: 'compound', states: { b: {} } },
        'a.b is no machine of XState 5, and no definition of one.',
      ],
      [{ ...chart, states: [] }, 'states[0]: is not the root.'],
      [
        { ...chart, states: [root, { ...off, tags: 'busy' }, on] },
        'states[1]: tags is not what it should be.',
      ],
      [
        { ...chart, states: [root, off] },
        'toggle.on/TOGGLE/0: begins at toggle.on, which the machine has not.',
      ],
      [
        { ...chart, transitions: [{ ...first, targets: ['x'] }] },
        'toggle.off/TOGGLE/0: leads to x, which the machine has not.',
      ],
      [{ ...chart, states: [root, off, on, on] }, 'toggle.on: there are two states of this id.'],
      [
        { ...chart, states: [root, on, { ...off, parent: 'x' }] },
        'toggle.off: its parent does not come before it.',
      ],
      [
        { ...chart, transitions: [first, first] },
        'toggle.off/TOGGLE/0: there are two transitions of this id.',
      ],
    ];
    for (const [machine, sentence] of wrong) {
      expect(() => readMachine(machine), sentence).to.throw(StatechartError, sentence);
    }
  });
});
