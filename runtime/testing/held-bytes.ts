import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of those that come and go, so many are there at a time. */
const atOnce = 32;
const times = 10_000;
/** V8 ends what it does little by little when nothing else is to be done. */
const betweenPauses = 100;
/** In the first ones what is measured is not compiled yet. */
const rounds = 5;
/** Parsed, since V8 learns of what is made in code whether it lasts, and puts it elsewhere. */
const load = JSON.stringify(new Array(250).fill(0));

/**
 * How many bytes stay in memory of what comes and goes 10,000 times, 32 at a time, until V8 looks through all of its heap:
 * until then it keeps, with all that they lead to, what old objects and old tables of Maps and Sets lead to. The most of
 * five rounds, of which some megabytes are V8's own. `come` is given 2 kB to hold, and returns what makes it go.
 */
export async function heldBytes(come: (load: unknown) => () => unknown): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let most = 0;
  for (let round = 0; round < rounds; round++) {
    const there: (() => unknown)[] = [];
    const comeAndGo = async () => {
      there.push(come(JSON.parse(load)));
      if (there.length > atOnce) await there.shift()?.();
    };
    for (let i = 0; i < atOnce; i++) await comeAndGo();
    collect();
    const before = oldBytes();
    for (let i = 0; i < times; i++) {
      await comeAndGo();
      if (i % betweenPauses === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    most = Math.max(most, oldBytes() - before);
    for (const go of there) await go();
  }
  return most;
}

function oldBytes(): number {
  const old = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space');
  return old?.space_used_size ?? 0;
}
