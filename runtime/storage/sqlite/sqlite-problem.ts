import { ActorError } from '../../define/errors.ts';

/** What SQLite says of a file itself, by the beginning of its code, and what a person can do. */
const advice: readonly (readonly [RegExp, string])[] = [
  [
    /^SQLITE_(NOTADB|CORRUPT|FORMAT)/,
    'It is damaged, or of another program. Put it back from a backup, or move it away to begin without what it held.',
  ],
  [
    /^(SQLITE_(CANTOPEN|PERM|READONLY|AUTH|MISUSE)|EACCES|EPERM|EROFS|EEXIST|ENOTDIR|EISDIR)/,
    'Look whether it is a file that this user may read and write, in a folder where it may make others.',
  ],
  [/^(SQLITE_(FULL|IOERR|NOLFS|NOMEM)|ENOSPC|EDQUOT|EIO)/, 'Look whether its disk has room, and works.'],
  [/^ERR_DLOPEN_FAILED/, 'The packages were installed for another Node, or on another machine: run npm ci.'],
];

/**
 * A sentence in place of a failure of the file's: SQLite itself says neither which file nor what to do. Undefined: it
 * is not the file that failed.
 */
export function sqliteProblem(file: string, error: unknown): ActorError | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const [, todo] = advice.find(([codes]) => typeof code === 'string' && codes.test(code)) ?? [];
  if (todo === undefined) return undefined;
  return new ActorError('unavailable', `${file} can't be used: ${String(message)}. ${todo}`, {
    cause: error,
  });
}
