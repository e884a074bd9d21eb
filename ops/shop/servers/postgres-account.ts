import { spawnSync } from 'node:child_process';
import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from '../process/death-signal.ts';
import { StartProblem } from '../process/start-problem.ts';

/** The user that PostgreSQL runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; then it gets an account without rights. Undefined: run as we are. */
export function accountFor(cluster: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const owner = ownerOf(cluster);
  if (owner !== undefined && owner.uid !== 0) return owner;
  const account = lookUp('postgres') ?? lookUp('nobody');
  if (account !== undefined) return account;
  throw new StartProblem(
    'PostgreSQL does not run as root, and there is no user "postgres" or "nobody" to run it as. ' +
      'Start Trolley as another user, or set POSTGRES_URL.',
  );
}

/** Refuses a cluster that another user made: PostgreSQL would only say "permission denied". */
export function assertOwned(cluster: string): void {
  const [owner, us] = [ownerOf(cluster), process.getuid?.()];
  if (owner === undefined || us === undefined || us === 0 || owner.uid === us) return;
  throw new StartProblem(
    `The PostgreSQL data in ${cluster} belongs to another user (uid ${owner.uid}). ` +
      'Start Trolley as before (as root?), or delete DATA_DIR for a fresh start.',
  );
}

/** Gives everything in `folder` to the account, as after a copy by root. */
export function giveTo({ uid, gid }: Account, folder: string): void {
  chownSync(folder, uid, gid);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), uid, gid);
  }
}

const keepAccess = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
// Without this bit the kernel answers access(2) of a non-root user as if it had no capability.
const tellTruth = ['--securebits', '+no_setuid_fixup'];

/**
 * Runs a command as the account. The clone or DATA_DIR may lie below a folder that the account may not
 * enter, such as /root (0700): then the command keeps one right of root's, to pass there.
 */
export function runAs(account: Account | undefined, command: Command, reach: readonly string[]): Command {
  if (account === undefined) return command;
  if (reach.every((path) => canReach(account, path))) return { ...command, ...account };
  const identity = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  const wrap = [...identity, ...keepAccess, ...tellTruth, '--'];
  const unreachable = reach.find((path) => spawnSync('setpriv', [...wrap, 'test', '-r', path]).status !== 0);
  if (unreachable !== undefined) {
    throw new StartProblem(
      `PostgreSQL does not run as root, and the user it would run as (uid ${account.uid}) cannot reach ` +
        `${dirname(unreachable)}. Move the checkout and DATA_DIR below a folder that everyone may enter, ` +
        'start Trolley as another user, or set POSTGRES_URL.',
    );
  }
  return { ...command, program: 'setpriv', args: [...wrap, command.program, ...command.args] };
}

function canReach({ uid, gid }: Account, path: string): boolean {
  return spawnSync('test', ['-r', path], { uid, gid, cwd: '/' }).status === 0;
}

function ownerOf(path: string): Account | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : { uid: stat.uid, gid: stat.gid };
}

function lookUp(name: string): Account | undefined {
  const ask = (flag: string) =>
    Number.parseInt(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout, 10);
  const [uid, gid] = [ask('-u'), ask('-g')];
  return Number.isNaN(uid) || Number.isNaN(gid) ? undefined : { uid, gid };
}
