import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import bcrypt from 'bcryptjs';
import { consoleRoles, isConsoleRole, isUserName } from '../console/auth/console-users.ts';
import { maxPasswordBytes } from '../console/auth/passwords.ts';
import { exitCodes, runCommand } from '../shop/process/run-command.ts';
import { StartProblem, UsageProblem } from '../shop/process/start-problem.ts';

const help = `npm run -s console:user -- NAME ROLE

Reads a password from standard input, and prints the entry for CONSOLE_USERS. ROLE is ${consoleRoles.join(' or ')}.
Where a $ means something, as in docker-compose.yml, each one is written twice.
`;

const cost = 12;
const fewestCharacters = 12;

await runCommand({
  help,
  options: {},
  maxWords: 2,
  async run({ positionals: [name = '', role = ''] }) {
    if (!isUserName(name) || !isConsoleRole(role))
      throw new UsageProblem(
        'Say who and what for: npm run -s console:user -- NAME ROLE, such as: npm run -s console:user -- ann operator',
      );
    const password = await readPassword();
    if (password.length < fewestCharacters)
      throw new StartProblem(`A password has at least ${fewestCharacters} characters.`);
    if (Buffer.byteLength(password) > maxPasswordBytes)
      throw new StartProblem(`A password has at most ${maxPasswordBytes} bytes: bcrypt looks at no more.`);
    process.stdout.write(`${name}:${role}:${await bcrypt.hash(password, cost)}\n`);
    return exitCodes.done;
  },
});

/** The first line of standard input; what is typed at a terminal is not shown. */
function readPassword(): Promise<string> {
  const { stdin, stderr } = process;
  if (stdin.isTTY) stderr.write('Password: ');
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: unseen, terminal: stdin.isTTY });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => {
      if (stdin.isTTY) stderr.write('\n');
      resolve('');
    });
  });
}
