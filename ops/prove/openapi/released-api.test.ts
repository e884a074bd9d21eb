import { expect } from 'chai';
import { apiChanges, changed } from './api-changes.ts';
import { isSameApi, presentApi, releasedApi } from './released-api.ts';

describe('the description of the last release', () => {
  // Which of them break clients is asked of oasdiff by `npm run deploy:check`, which has Go.
  it('differs from every change of it but that of its words', () => {
    const api = releasedApi();
    const same = apiChanges.filter((change) => isSameApi(api, changed(api, change)));
    expect(same.map(({ what }) => what)).to.deep.equal(['nothing', 'other words']);
  });

  it('has no operation that a gateway has no more', async () => {
    const present = await presentApi();
    for (const [path, methods] of Object.entries(releasedApi().paths))
      expect(present.paths[path] ?? {}, path).to.include.keys(Object.keys(methods));
  });
});
