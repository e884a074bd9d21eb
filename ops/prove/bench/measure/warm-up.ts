import { Figures } from './figures.ts';

const maxRounds = 8;
/** Rounds in a row that bring nothing. */
const enough = 2;
/** Of what an operation has cost at best before. */
const gain = 0.95;

/**
 * Runs rounds of which nothing is kept, until compiled code no longer makes an operation cheaper. What is measured
 * afterwards is what a program does that has run for days.
 */
export async function warmUp(round: (figures: Figures) => Promise<void>): Promise<void> {
  const best = new Map<string, number>();
  for (let count = 0, idle = 0; count < maxRounds && idle < enough; count++) {
    const figures = new Figures();
    await round(figures);
    let hasGained = false;
    for (const name of figures.names.filter((one) => one.endsWith(': processor ms'))) {
      const [cost, before] = [figures.median(name), best.get(name) ?? Infinity];
      hasGained ||= cost < gain * before;
      best.set(name, Math.min(cost, before));
    }
    idle = hasGained ? 0 : idle + 1;
  }
}
