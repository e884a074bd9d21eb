import type { ConsoleUser } from './console-users.ts';
import type { Session } from './sessions.ts';

/** Who asks. */
export interface Caller extends Pick<ConsoleUser, 'name' | 'role'> {
  /** Undefined: the caller brings its password with each request, as a script does. */
  readonly session: Session | undefined;
}
