import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { polls, usualMs } from './tabs.ts';

const pages = join(import.meta.dirname, '../../../console/page/pages');

/** How each page asks: `usePolled('sagas/stuck', …, { everyMs: 3_000 })`. */
function polledBy(text: string) {
  return [...text.matchAll(/usePolled\(([^;]+)\);/g)].map(([, given = '']) => {
    const path = /'([^']+)'/.exec(given)?.[1] ?? '';
    const every = /everyMs: [^0-9}]*([0-9_]+)/.exec(given)?.[1]?.replaceAll('_', '');
    return { path, everyMs: every === undefined ? usualMs : Number(every) };
  });
}

it('the polls that are measured are those of the pages', () => {
  const usePolled = readFileSync(join(pages, '../use-polled.js'), 'utf8');
  expect(usePolled).to.include(`everyMs = ${usualMs / 1_000}_000 }`);
  const asked = readdirSync(pages).flatMap((file) => polledBy(readFileSync(join(pages, file), 'utf8')));
  const byPath = new Map(asked.filter(({ everyMs }) => everyMs > 0).map((poll) => [poll.path, poll]));
  const sorted = (some: Iterable<{ path: string }>) =>
    [...some].sort((one, other) => one.path.localeCompare(other.path));
  expect(sorted(polls)).to.deep.equal(sorted(byPath.values()));
});
