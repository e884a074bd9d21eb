import { expect } from 'chai';
import { bytesFor, requireRoom } from './room.ts';

describe('room for shops of some sizes', () => {
  const sizes = [1_000, 1_000_000];

  it('is enough when it is what they take', () => {
    expect(() => requireRoom('/tmp', sizes, bytesFor(sizes))).not.to.throw();
  });

  it('is refused in a sentence that says how much is missing, and what to do', () => {
    expect(() => requireRoom('/tmp', sizes, 2 ** 30)).to.throw(
      /^\/tmp has 1\.0 GiB left, and shops of 1,000, 1,000,000 users need 13\.\d GiB: set TMPDIR to a folder with room, or give a smaller --size\.$/,
    );
  });
});
