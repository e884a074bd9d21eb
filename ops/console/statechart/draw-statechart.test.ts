import { expect } from 'chai';
import fc from 'fast-check';
import { createMachine } from 'xstate';
import { drawStatechart } from './draw-statechart.ts';
import { Drawings } from './drawings.ts';
import { elementId } from './finish-picture.ts';
import { readMachine } from './read-machine.ts';
import { StatechartError } from './statechart.ts';
import { expectWholePicture } from './testing/expect-picture.ts';
import { machines } from './testing/machines.ts';
import { randomConfig } from './testing/random-config.ts';

const chartNamed = (id: string) => readMachine(machines.find((each) => each.id === id));
/** What is written in a group, line by line. */
function written(svg: string, id: string): string[] {
  const group = svg.split(`id="${id}"`)[1] ?? expect.fail(`${id} is not in the picture`);
  const [until = ''] = group.split(/<g id="(?:state|transition)-[^"]*" class="(?!transition internal)/);
  return [...until.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text.replaceAll(/^(?:\s|&#160;)+|(?:\s|&#160;)+$/g, ''),
  );
}

describe('the picture of a machine', () => {
  for (const machine of machines) {
    it(`shows every state and transition of ${JSON.stringify(machine.id)} once, in whichever way it is drawn`, async () => {
      const chart = readMachine(machine);
      for (const direction of ['top-down', 'left-right'] as const) {
        for (const actions of [true, false]) {
          const svg = await drawStatechart(chart, { direction, actions });
          expectWholePicture(svg, chart);
          expect(await drawStatechart(chart, { direction, actions })).to.equal(svg);
        }
      }
    });
  }

  it('shows every state and transition of any machine once', async () => {
    const property = fc.asyncProperty(randomConfig, async (config) => {
      const chart = readMachine(createMachine(config));
      expectWholePicture(await drawStatechart(chart), chart);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('says at an arrow what sets it off, when, and what is done', async () => {
    const svg = await drawStatechart(chartNamed('fetch'));
    const at = (id: string) => written(svg, elementId('transition', id));
    expect(at('fetch.loading/xstate.error.actor.request/0')).to.deep.equal([
      'error: fetchUser',
      '[mayRetry]',
    ]);
    expect(at('fetch.loading/xstate.error.actor.request/1')).to.deep.equal([
      'error: fetchUser',
      '/ tell(error)',
    ]);
    expect(at('fetch.waiting/xstate.after.backOff.fetch.waiting/0')).to.deep.equal(['after backOff']);
  });

  it('says in a box what is done in it, and what happens without leaving it', async () => {
    const svg = await drawStatechart(chartNamed('fetch'));
    expect(written(svg, 'state-fetch.loading')).to.deep.equal([
      'loading',
      'The request is under way.',
      'invoke / fetchUser',
      'snapshot: fetchUser / store',
    ]);
    const toggle = await drawStatechart(chartNamed('toggle'));
    expect(written(toggle, 'state-toggle.on')).to.deep.equal(['on', 'entry / shine', 'exit / dim']);
    const without = await drawStatechart(chartNamed('toggle'), { actions: false });
    expect(written(without, 'state-toggle.on')).to.deep.equal(['on']);
  });

  it('tells compensations and ends apart, by what the machine declares', async () => {
    const chart = readMachine(
      machines.find(({ id }) => id === 'trip'),
      { tags: { undo: 'compensation' } },
    );
    const svg = await drawStatechart(chart);
    expect(svg).to.match(/id="state-trip\.undoing" class="state is-compound kind-compensation"/);
    expect(svg).to.match(/id="state-trip\.done" class="state is-final kind-completed"/);
    expect(svg).to.match(/id="state-trip\.failed" class="state is-final kind-failed"/);
    expect(written(svg, 'state-trip.done')).to.deep.equal(['✓ done']);
    expect(await drawStatechart(chartNamed('fetch'))).to.match(
      /id="state-fetch\.failure" class="[^"]*kind-failed"/,
    );
  });

  it('writes names as they are, whatever is in them', async () => {
    const chart = chartNamed('odd "names" & more');
    const svg = await drawStatechart(chart);
    const id = chart.transitions[0]!.id;
    expect(written(svg, elementId('transition', id))).to.deep.equal([
      '&quot;; } digraph { &amp;amp; \\N \\l',
    ]);
    expect(svg).to.include('a &quot;quoted&quot; &lt;b&gt;state&lt;/b&gt;');
  });

  it('refuses what is too large, at once and with a reason', async () => {
    const states = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`s${index}`, {}]));
    const chart = readMachine(createMachine({ id: 'huge', initial: 's0', states }));
    const error = await drawStatechart(chart).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StatechartError);
    expect((error as Error).message).to.equal(
      'huge has 10001 states and 0 transitions: more than 1000 together are not drawn.',
    );
  });
});

describe('pictures that are asked for again', () => {
  it('are drawn once for each version of a machine, and so many are kept', async () => {
    const drawings = new Drawings({ limit: 2 });
    const [toggle, light, word] = ['toggle', 'light', 'word'].map(chartNamed);
    const first = drawings.draw(toggle!);
    expect(await drawings.draw(structuredClone(toggle!))).to.equal(await first);
    const next = await drawings.draw({ ...toggle!, version: '2' });
    expect(next.hash).not.to.equal((await first).hash);
    expect(next.svg).to.include('toggle, version 2');
    expect(await drawings.draw(toggle!)).to.equal(await first);
    await drawings.draw(light!);
    await drawings.draw(word!);
    expect(await drawings.draw(toggle!)).not.to.equal(await first);
  });

  it('forget what failed', async () => {
    const drawings = new Drawings();
    const tooSmall = { maxElements: 1 };
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await drawings.draw(chartNamed('toggle'), tooSmall).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(StatechartError);
    }
  });
});
