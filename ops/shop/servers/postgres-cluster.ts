import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '@trolley/runtime/adapters';
import type { Command } from '../process/death-signal.ts';
import { accountFor, assertOwned, giveTo, runAs, type Account } from './postgres-account.ts';
import type { PostgresPrograms } from './postgres-program.ts';
import { StartProblem } from '../process/start-problem.ts';

export const superuser = 'trolley';

/** Files of a PostgreSQL server: everything that belongs to it and who runs it. */
export interface Cluster {
  readonly data: string;
  readonly password: string;
  readonly account: Account | undefined;
}

/** Opens the cluster in `<dataDir>/postgres`, made on first use. */
export async function openCluster(
  dataDir: string,
  programs: PostgresPrograms,
  durable: boolean,
): Promise<Cluster> {
  const root = join(dataDir, 'postgres');
  makeFolder(root);
  const folder = realpathSync(root);
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  assertOwned(data);
  const account = accountFor(data);
  if (account !== undefined) giveTo(account, folder);

  if (!existsSync(data)) {
    const password = randomBytes(24).toString('hex');
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
    await initialise(join(folder, 'data.new'), { programs, account, passwordFile, durable });
    // Only a complete cluster gets the final name: a kill in the middle of initdb leaves none.
    renameSync(join(folder, 'data.new'), data);
  }
  await assertSameMajor(data, programs, account);
  chmodSync(data, 0o700);
  return { data, password: readFileSync(passwordFile, 'utf8').trim(), account };
}

interface Initialise {
  readonly programs: PostgresPrograms;
  readonly account: Account | undefined;
  readonly passwordFile: string;
  readonly durable: boolean;
}

async function initialise(
  data: string,
  { programs, account, passwordFile, durable }: Initialise,
): Promise<void> {
  rmSync(data, { recursive: true, force: true });
  const args = [
    ...['--pgdata', data, '--username', superuser, '--pwfile', passwordFile],
    ...['--auth', 'scram-sha-256', '--no-locale', '--encoding', 'UTF8', '--no-instructions'],
    ...(durable ? [] : ['--no-sync']),
  ];
  await run(runAs(account, { program: programs.initdb, args, cwd: '/' }, [programs.initdb, passwordFile]));
}

/** The files of another major version would only give a cryptic refusal. */
async function assertSameMajor(
  data: string,
  programs: PostgresPrograms,
  account: Account | undefined,
): Promise<void> {
  const kept = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
  const args = ['--version'];
  const said = await run(runAs(account, { program: programs.postgres, args, cwd: '/' }, [programs.postgres]));
  const major = said.match(/(\d+)\./)?.[1];
  if (major === undefined || major === kept) return;
  throw new StartProblem(
    `${data} was written by PostgreSQL ${kept}, this is PostgreSQL ${major}. ` +
      'Delete DATA_DIR for a fresh start, or set POSTGRES_URL.',
  );
}

async function run({ program, args, cwd, uid, gid }: Command): Promise<string> {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
  const as = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
  try {
    return (await promisify(execFile)(program, [...args], { cwd, env, ...as })).stdout;
  } catch (cause) {
    const { stderr = '', message } = cause as Error & { stderr?: string };
    throw new StartProblem(`PostgreSQL could not be prepared: ${stderr.trim() || message}`, { cause });
  }
}
