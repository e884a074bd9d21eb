import { spawnSync } from 'node:child_process';

/** What starts a program: the words to run and where. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Run as this user; needs root. */
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Wraps a command so that Linux sends it `signal` when this process dies without having stopped it
 * (kill -9, out of memory). Elsewhere the command stays as it is, and the next start clears up.
 */
export function endingWithParent(command: Command, signal: 'INT' | 'TERM' | 'KILL'): Command {
  if (!canWrap()) return command;
  return {
    ...command,
    program: 'setpriv',
    args: ['--pdeathsig', signal, '--', command.program, ...command.args],
  };
}

let probed: boolean | undefined;

function canWrap(): boolean {
  probed ??=
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--pdeathsig', 'TERM', '--', 'true'], { stdio: 'ignore' }).status === 0;
  return probed;
}
