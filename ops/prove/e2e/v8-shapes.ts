import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Under these, Node writes into a file of this folder which shapes of objects ("maps") V8 makes, and where. */
export const shapeLogOptions = (folder: string): string[] => [
  '--log-maps',
  '--no-log-maps-details',
  '--no-logfile-per-isolate',
  `--logfile=${join(folder, 'v8.log')}`,
];

/** Code as V8 has placed it. */
interface Placed {
  readonly size: number;
  /** Name, file and line of its function. */
  readonly name: string;
}

/**
 * How many new shapes came of a property that was added or of a freeze, by function and property. Each function of ours
 * adds the same properties in the same order, so the shapes are there after the first few objects. Where their number
 * grows with the objects, V8 has made a shape for each, and all code that sees them is slow.
 */
export function shapesBySite(folder: string): Map<string, number> {
  const sites = new Map<string, number>();
  const code = new PlacedCode();
  for (const line of readFileSync(join(folder, 'v8.log'), 'utf8').split('\n')) {
    const fields = line.split(',');
    const [event] = fields;
    if (event === 'code-creation') code.add(fields);
    if (event === 'code-move') code.move(fields);
    if (event !== 'map' || fields[1] !== 'Transition') continue;
    const [, , , , , at = '', , , , property = ''] = fields;
    const site = `${code.at(at)}: ${property === '' ? 'frozen' : property}`;
    sites.set(site, (sites.get(site) ?? 0) + 1);
  }
  return sites;
}

/** Looks places up by pages, so that it need not be sorted. */
class PlacedCode {
  readonly #pages = new Map<number, Map<number, Placed>>();

  add([, , , , at = '', size = '', name = '']: readonly string[]): void {
    this.#put(Number(at), { size: Number(size), name });
  }

  move([, from = '', to = '']: readonly string[]): void {
    const placed = this.#find(Number(from), (start) => start === Number(from));
    if (placed !== undefined) this.#put(Number(to), placed);
  }

  at(place: string): string {
    const pc = Number(place);
    return this.#find(pc, (start, { size }) => pc >= start && pc < start + size)?.name ?? 'unknown code';
  }

  #put(start: number, placed: Placed): void {
    for (let page = pageOf(start); page <= pageOf(start + placed.size); page++) {
      const there = this.#pages.get(page) ?? new Map<number, Placed>();
      this.#pages.set(page, there.set(start, placed));
    }
  }

  /** The one placed last, as code that has gone is not told of. */
  #find(place: number, isIt: (start: number, placed: Placed) => boolean): Placed | undefined {
    const there = [...(this.#pages.get(pageOf(place)) ?? [])].reverse();
    return there.find(([start, placed]) => isIt(start, placed))?.[1];
  }
}

const pageOf = (address: number) => Math.floor(address / 4_096);
