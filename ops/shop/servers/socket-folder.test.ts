import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { canHaveSocket } from './socket-folder.ts';

const sockets = { prefix: '.s.', longestName: '.s.65535' };

describe('a folder for sockets', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sockets-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is cleared of what a killed server left, and of nothing else', async () => {
    for (const name of ['.s.41233', '.s.41233.lock', 'password']) writeFileSync(join(folder, name), '');
    expect(await canHaveSocket(folder, sockets)).to.equal(true);
    const left = ['.s.41233', '.s.41233.lock', '.s.65535', 'password'].filter((name) =>
      existsSync(join(folder, name)),
    );
    expect(left).to.deep.equal(['password']);
  });

  it('is none below a long path', async () => {
    const deep = join(folder, 'x'.repeat(100));
    mkdirSync(deep);
    expect(await canHaveSocket(deep, sockets)).to.equal(false);
  });

  it('is none where the name of a socket can not be made', async () => {
    expect(await canHaveSocket(folder, { prefix: '.s.', longestName: 'no/such' })).to.equal(false);
  });
});
