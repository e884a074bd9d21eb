import { expect } from 'chai';
import fc from 'fast-check';
import {
  createActor,
  createMachine,
  initialTransition,
  transition,
  type AnyStateMachine,
  type StateValue,
} from 'xstate';
import { readMachine } from './read-machine.ts';
import { machines } from './testing/machines.ts';
import { randomConfig } from './testing/random-config.ts';
import { tracePath, type RecordedStep } from './trace-path.ts';

const machineNamed = (id: string) => machines.find((each) => each.id === id)!;

/** What XState makes of these events, as its inspection records it. */
function recorded(machine: AnyStateMachine, events: readonly string[]): RecordedStep[] {
  const history: RecordedStep[] = [];
  const actor = createActor(machine, {
    inspect(told) {
      if (told.type === '@xstate.snapshot' && told.actorRef === actor)
        history.push({ event: told.event, snapshot: told.snapshot, at: 1000 * history.length });
    },
  });
  actor.start();
  for (const type of events) actor.send({ type });
  return history;
}
const pathOf = (id: string, ...events: string[]) => {
  const machine = machineNamed(id);
  return tracePath(readMachine(machine), recorded(machine, events));
};

describe('the path of a run', () => {
  it('is the states and transitions in their order, with durations', () => {
    const { steps, visits } = pathOf('toggle', 'TOGGLE', 'OTHER', 'TOGGLE');
    expect(steps.map(({ active }) => active.at(-1))).to.deep.equal([
      'toggle.off',
      'toggle.on',
      'toggle.on',
      'toggle.off',
    ]);
    expect(steps.map(({ transitions }) => transitions)).to.deep.equal([
      [],
      ['toggle.off/TOGGLE/0'],
      [],
      ['toggle.on/TOGGLE/0'],
    ]);
    expect(steps.map(({ durationMs }) => durationMs)).to.deep.equal([1000, 1000, 1000, undefined]);
    expect(visits).to.deep.equal([
      { state: 'toggle', from: 0 },
      { state: 'toggle.off', from: 0, until: 1, durationMs: 1000 },
      { state: 'toggle.on', from: 1, until: 3, durationMs: 2000 },
      { state: 'toggle.off', from: 3 },
    ]);
  });

  it('goes through nested and parallel states, and their ends', () => {
    const { steps } = pathOf('assembly', 'WHEELS', 'FRAME');
    expect(steps[0]?.active).to.have.length(6);
    expect(steps.map(({ transitions }) => transitions)).to.deep.equal([
      [],
      ['assembly.parts.wheels.missing/WHEELS/0'],
      ['assembly.parts.frame.missing/FRAME/0', 'assembly.parts/xstate.done.state.assembly.parts/0'],
    ]);
    expect(steps[2]?.entered).to.deep.equal(['assembly.assembled']);
    const plain = pathOf('word', 'BOLD', 'PLAIN').steps.at(-1);
    expect(plain?.transitions).to.deep.equal(['word/PLAIN/0']);
    expect(plain?.active).to.include.members(['word.bold.off', 'word.list.none']);
  });

  it('knows what history remembers', () => {
    const { steps } = pathOf('player', 'PLAY', 'MUTE', 'STOP', 'RESUME', 'FASTER', 'STOP', 'PLAY');
    expect(steps.flatMap(({ problems }) => problems)).to.deep.equal([]);
    expect(steps.map(({ active }) => active.at(-1)).slice(-4)).to.deep.equal([
      'player.playing.normal.quiet',
      'player.playing.fast',
      'player.stopped',
      'player.playing.fast',
    ]);
  });

  it('leaves the regions alone beside a state that leads to itself', () => {
    const machine = createMachine({
      id: 'm',
      type: 'parallel',
      states: {
        left: { initial: 'a', states: { a: { on: { GO: 'b' } }, b: {} } },
        right: { initial: 'c', states: { c: { on: { AGAIN: { target: 'c' } } } } },
      },
    });
    const { steps } = tracePath(readMachine(machine), recorded(machine, ['GO', 'AGAIN']));
    expect(steps.flatMap(({ problems }) => problems)).to.deep.equal([]);
    expect(steps[2]).to.deep.include({ active: ['m', 'm.left', 'm.left.b', 'm.right', 'm.right.c'] });
    expect(steps[2]?.transitions).to.deep.equal(['m.right.c/AGAIN/0']);
  });

  it('says which ways nobody can tell apart', () => {
    const chart = readMachine(machineNamed('gate'));
    const [begin] = tracePath(chart, [{ state: 'outside' }]).steps;
    expect(begin?.transitions).to.deep.equal(['gate.deciding//1']);
    expect(begin?.alternatives).to.deep.equal([['gate.deciding//3']]);
  });

  it('is found without the events, too', () => {
    const { steps } = tracePath(readMachine(machineNamed('toggle')), [
      { state: 'off' },
      { state: 'on', at: 7 },
    ]);
    expect(steps[1]).to.deep.include({ transitions: ['toggle.off/TOGGLE/0'], problems: [], at: 7 });
  });

  it('is gone back and forth by, with the context at each step', () => {
    const machine = createMachine({
      id: 'm',
      context: { n: 1 },
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: {} },
    });
    const path = tracePath(readMachine(machine), recorded(machine, ['GO']));
    expect(path.at(1)).to.deep.include({ event: 'GO', transitions: ['m.a/GO/0'], context: { n: 1 } });
    expect(path.at(0)?.active).to.deep.equal(['m', 'm.a']);
    expect(path.at(2)).to.equal(undefined);
  });

  it('keeps a step that is not in this version, and says so', () => {
    const { steps } = tracePath(readMachine(machineNamed('toggle')), [
      { state: 'off' },
      { event: 'DIM', state: 'dimmed' },
      { event: 'TOGGLE', state: 'off' },
      { event: 'TOGGLE', state: 'off' },
      { event: 'EXPLODE', state: 'off' },
    ]);
    expect(steps.map(({ problems }) => problems)).to.deep.equal([
      [],
      ['toggle has no state dimmed in this version'],
      ['in this version TOGGLE does not lead there'],
      ['in this version TOGGLE does not lead there'],
      ['no state waits for EXPLODE in this version'],
    ]);
    expect(steps[1]).to.deep.include({ active: ['toggle'], exited: ['toggle.off'], transitions: [] });
    const [begin] = tracePath(readMachine(machineNamed('toggle')), [{ state: 'on' }]).steps;
    expect(begin?.problems).to.deep.equal(['this version does not begin there']);
  });

  it('is found whatever the machine, and however its guards held', () => {
    const property = fc.property(randomConfig, fc.infiniteStream(fc.boolean()), (config, held) => {
      const bare = createMachine({ ...config, options: { maxIterations: 30 } } as never) as AnyStateMachine;
      const chart = readMachine(bare);
      const names = chart.transitions.flatMap(({ guard }) => (guard === undefined ? [] : [guard]));
      const guards = Object.fromEntries(
        names.map((name) => [name, (): boolean => held.next().value === true]),
      );
      const machine = bare.provide({ guards }) as AnyStateMachine;
      const history = run(machine, chart.transitions.map(({ event }) => event).filter(Boolean));
      if (history === undefined) return;
      const { steps } = tracePath(chart, history);
      expect(steps.flatMap(({ problems }) => problems)).to.deep.equal([]);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

/** Undefined where the machine turns in circles. */
function run(machine: AnyStateMachine, events: readonly string[]): RecordedStep[] | undefined {
  try {
    let [snapshot] = initialTransition(machine);
    const history: RecordedStep[] = [{ state: snapshot.value as StateValue }];
    for (const type of events) {
      if (snapshot.status !== 'active') break;
      [snapshot] = transition(machine, snapshot, { type });
      history.push({ event: type, state: snapshot.value as StateValue });
    }
    return history;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Infinite loop')) return undefined;
    throw error;
  }
}
