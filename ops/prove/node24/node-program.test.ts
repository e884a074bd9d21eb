import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { findNode24, nodePackages } from './node-program.ts';

describe('the Node 24 that tests run on', () => {
  it('is the one of the image', () => {
    const dockerfile = join(import.meta.dirname, '..', '..', 'operate', 'containers', 'Dockerfile');
    const [, inImage] = /^FROM node:([\d.]+)-/m.exec(readFileSync(dockerfile, 'utf8')) ?? [];
    expect(nodePackages['linux-x64']?.version).to.equal(inImage);
  });

  it('is refused in a sentence, and nothing is fetched, where npm has none', async () => {
    const told: string[] = [];
    const nothing = ['/no/npm/is/asked'] as const;
    const refusal = await findNode24(nothing, (line) => told.push(line), 'win32-x64').catch(String);
    expect(refusal).to.match(/npm has no Node 24 for win32-x64\. .* run npm test\.$/);
    expect(told).to.deep.equal([]);
  });
});
