import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawStatechart, readMachine } from 'trolley-statechart';
import { message } from './message.ts';
import { drawPicture } from './picture.ts';
import { sagas } from './sagas.ts';
import { shop } from './shop.ts';

/*
 * `npm run pictures` draws the documents' pictures, `npm run sagas:draw` of these the sagas alone; with `--check` it
 * only tells which of them is out of date.
 */

const [check, sagasOnly] = ['--check', '--sagas'].map((option) => process.argv.includes(option));
const pictures = Object.entries({ shop, message }).map(([name, picture]) => ({
  name,
  source: `${name}.ts`,
  draw: async () => drawPicture(picture),
}));
const statecharts = Object.entries(sagas).map(([source, { name, machine }]) => ({
  name,
  source,
  draw: () => drawStatechart(readMachine(machine), { actions: false }),
}));
for (const { name, source, draw } of sagasOnly === true ? statecharts : [...pictures, ...statecharts]) {
  const file = join(import.meta.dirname, `${name}.svg`);
  const drawn = await draw();
  if (check !== true) writeFileSync(file, drawn);
  else if (readFileSync(file, 'utf8') !== drawn) {
    process.stderr.write(
      `ops/guide/pictures/${name}.svg: not up to date with ${source}. Run: npm run pictures\n`,
    );
    process.exitCode = 1;
  }
}
