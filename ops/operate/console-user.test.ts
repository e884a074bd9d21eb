import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';
import { expect } from 'chai';
import { readConsoleUsers } from '../console/auth/console-users.ts';

const program = join(import.meta.dirname, 'console-user-command.ts');

async function run(input: string, ...args: string[]) {
  const command = ['--conditions=@trolley/source', '--import', 'tsx', program, ...args];
  const child = spawn(process.execPath, command, { stdio: 'pipe' });
  let [output, told] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
  // Who refuses its words reads no password.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output, told };
}

describe('npm run console:user', () => {
  it('prints an entry that the configuration takes, of the password on standard input', async () => {
    const { code, output, told } = await run('correct horse battery\n', 'ann', 'operator');
    expect([code, told]).to.deep.equal([0, '']);
    const { users, problems } = readConsoleUsers(output.trim());
    expect(problems).to.deep.equal([]);
    expect(users[0]).to.include({ name: 'ann', role: 'operator' });
    expect(await bcrypt.compare('correct horse battery', users[0]!.hash)).to.equal(true);
  });

  for (const [what, input, args, code, sentence] of [
    ['a short password', 'hunter2\n', ['ann', 'viewer'], 1, 'A password has at least 12 characters.'],
    ['no password', '', ['ann', 'viewer'], 1, 'A password has at least 12 characters.'],
    ['a long password', 'ü'.repeat(37), ['ann', 'viewer'], 1, 'A password has at most 72 bytes'],
    ['another role', '', ['ann', 'admin'], 2, 'Say who and what for'],
    ['no name', '', [], 2, 'Say who and what for'],
  ] as const)
    it(`refuses ${what}, in a sentence`, async () => {
      const ended = await run(input, ...args);
      expect([ended.code, ended.output]).to.deep.equal([code, '']);
      expect(ended.told).to.include(sentence);
    });
});
