import { statfsSync } from 'node:fs';
import { StartProblem } from '../../../shop/process/start-problem.ts';
import { sum } from '../measure/statistics.ts';

/** Of a user with a cart and a finished checkout, in all stores, their logs included. */
const bytesEach = 14_000;
/** Of a shop with nothing in it. */
const bytesOfShop = 200 * 2 ** 20;

export const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** What shops of these sizes take. */
export const bytesFor = (sizes: readonly number[]) => sum(sizes) * bytesEach + sizes.length * bytesOfShop;

/** @throws StartProblem where the folder has no room for shops of these sizes */
export function requireRoom(folder: string, sizes: readonly number[], free = freeIn(folder)): void {
  const needed = bytesFor(sizes);
  if (free >= needed) return;
  throw new StartProblem(
    `${folder} has ${gib(free)} left, and shops of ${sizes.map((size) => size.toLocaleString('en')).join(', ')} users ` +
      `need ${gib(needed)}: set TMPDIR to a folder with room, or give a smaller --size.`,
  );
}

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
