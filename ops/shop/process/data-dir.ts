import { existsSync, linkSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from '@trolley/runtime/adapters';
import { tighten } from './keep-private.ts';
import { startMarkOf } from './process-identity.ts';
import { asStartProblem, StartProblem } from './start-problem.ts';

/** DATA_DIR, held by this process alone. */
export interface DataDir {
  readonly path: string;
  /** Whether an earlier holder was killed and left its lock behind. */
  readonly takenOver: boolean;
  /** Tells a second start where the first one is to be found. */
  announce(gatewayUrl: string): void;
  release(): void;
}

interface Holder {
  readonly pid: number;
  /** A process id comes again; together with the start time it does not. */
  readonly startMark: string;
  readonly gatewayUrl?: string;
}

/** Stands in a DATA_DIR from the first to the last step of a restore: what lies beside it is not whole. */
export const unfinishedRestore = 'restore.unfinished';

/** Takes DATA_DIR for this process, or says in one line who has it, or why it can't be used. */
export function openDataDir(
  folder: string,
  pid: number = process.pid,
  purpose: 'use' | 'restore' = 'use',
): DataDir {
  if (purpose === 'use') assertRestored(folder);
  try {
    return openFolder(folder, pid);
  } catch (error) {
    throw asStartProblem(`DATA_DIR: ${resolve(folder)} can't be used`, error);
  }
}

function openFolder(folder: string, pid: number): DataDir {
  makeDataFolder(resolve(folder));
  const path = realpathSync(resolve(folder));
  const lockFile = join(path, 'trolley.lock');
  const us: Holder = { pid, startMark: startMarkOf(pid) ?? '' };
  const takenOver = take(lockFile, us, path);
  tighten(path, folderMode());
  return {
    path,
    takenOver,
    announce(gatewayUrl) {
      const draft = writeDraft(lockFile, { ...us, gatewayUrl });
      renameSync(draft, lockFile);
    },
    release() {
      if (isSame(read(lockFile), us)) rmSync(lockFile, { force: true });
    },
  };
}

/** @throws StartProblem when a restore into the folder was ended before it was done */
export function assertRestored(folder: string): void {
  if (!existsSync(join(folder, unfinishedRestore))) return;
  throw new StartProblem(
    `A restore into ${folder} was not finished, or still runs. Run npm run restore again: it begins anew.`,
  );
}

/** Makes a folder that PostgreSQL's own user passes through, where there is one. */
export function makeDataFolder(folder: string): void {
  // As the mode says, whatever this process grants to others else.
  const umask = process.umask(0);
  try {
    makeFolder(folder, folderMode());
  } finally {
    process.umask(umask);
  }
}

/** Under root, PostgreSQL's own user must pass through; nobody but us may look around. */
function folderMode(): number {
  return process.getuid?.() === 0 ? 0o711 : 0o700;
}

function take(lockFile: string, us: Holder, path: string): boolean {
  const draft = writeDraft(lockFile, us);
  try {
    for (let takenOver = false; ; takenOver = true) {
      if (tryLink(draft, lockFile)) return takenOver;
      const holder = read(lockFile);
      if (holder !== undefined && startMarkOf(holder.pid) === holder.startMark)
        throw new DataDirTaken(path, holder);
      clearAway(lockFile, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A link appears whole or not at all, and never replaces: of two starts one wins. */
function tryLink(draft: string, lockFile: string): boolean {
  try {
    linkSync(draft, lockFile);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead holder's lock. Another start may do the same at this moment and already have put its own
 * there, so the file is looked at again under a name that only we know, and given back if it is not the
 * dead one.
 */
function clearAway(lockFile: string, dead: Holder | undefined): void {
  const aside = `${lockFile}.${process.pid}.dead`;
  try {
    renameSync(lockFile, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (!isSame(read(aside), dead)) tryLink(aside, lockFile);
  rmSync(aside, { force: true });
}

/** A shop runs on it. */
export class DataDirTaken extends StartProblem {
  constructor(path: string, { pid, gatewayUrl }: Holder) {
    const where = gatewayUrl === undefined ? '' : `, ${gatewayUrl}`;
    super(
      `Trolley already runs on ${path} (pid ${pid}${where}). Stop it, or set DATA_DIR to another folder.`,
    );
  }
}

function writeDraft(lockFile: string, holder: Holder): string {
  const draft = `${lockFile}.${process.pid}.new`;
  writeFileSync(draft, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  return draft;
}

/** Undefined: there is none, or nobody can have written it whole. */
function read(file: string): Holder | undefined {
  try {
    const { pid, startMark, gatewayUrl } = (JSON.parse(readFileSync(file, 'utf8')) ?? {}) as Partial<Holder>;
    if (typeof pid !== 'number' || typeof startMark !== 'string') return undefined;
    return { pid, startMark, ...(gatewayUrl === undefined ? {} : { gatewayUrl }) };
  } catch (error) {
    // One that is there and can't be read may be of a shop that runs.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isSame(one: Holder | undefined, other: Holder | undefined): boolean {
  return one?.pid === other?.pid && one?.startMark === other?.startMark;
}
