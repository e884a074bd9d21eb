import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { message } from './message.ts';
import { drawPicture } from './picture.ts';
import { shop } from './shop.ts';

/* `npm run pictures` draws the documents' pictures; with `--check` it only tells which of them is out of date. */

const check = process.argv.includes('--check');
for (const [name, picture] of Object.entries({ shop, message })) {
  const file = join(import.meta.dirname, `${name}.svg`);
  const drawn = drawPicture(picture);
  if (!check) writeFileSync(file, drawn);
  else if (readFileSync(file, 'utf8') !== drawn) {
    process.stderr.write(
      `ops/guide/pictures/${name}.svg: not up to date with ${name}.ts. Run: npm run pictures\n`,
    );
    process.exitCode = 1;
  }
}
